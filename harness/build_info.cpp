#include "harness/build_info.h"

#include <elf.h>
#include <link.h>
#include <fmt/format.h>

#include <cstring>

namespace moe {
namespace {

/// Notes are a header, a name and a text, the last two padded to 4 bytes.
std::string id_in_notes(const char* at, const char* end) {
  const auto padded = [](std::size_t size) { return (size + 3) / 4 * 4; };
  while (end - at >= static_cast<std::ptrdiff_t>(sizeof(ElfW(Nhdr)))) {
    ElfW(Nhdr) note{};
    std::memcpy(&note, at, sizeof(note));
    const char* name = at + sizeof(note);
    const char* text = name + padded(note.n_namesz);
    if (note.n_type == NT_GNU_BUILD_ID &&
        std::string_view(name, note.n_namesz) == std::string_view("GNU\0", 4)) {
      std::string hex;
      for (std::size_t i = 0; i < note.n_descsz; ++i)
        hex += fmt::format("{:02x}", static_cast<unsigned char>(text[i]));
      return hex;
    }
    at = text + padded(note.n_descsz);
  }
  return "";
}

/// Called for the program first, then for its libraries.
int take_program(dl_phdr_info* program, std::size_t, void* out) {
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    auto& id = *static_cast<std::string*>(out);
    if (segment.p_type != PT_NOTE || !id.empty()) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): how the loader tells where a segment lies
    const auto* begin = reinterpret_cast<const char*>(program->dlpi_addr + segment.p_vaddr);
    id = id_in_notes(begin, begin + segment.p_memsz);
  }
  return 1;
}

}  // namespace

std::string build_id() {
  std::string id;
  dl_iterate_phdr(take_program, &id);
  return id;
}

std::string build_line() {
  const BuildInfo info = build_info();
  return fmt::format("moebench {}, commit {}, {}, {}, {}, build {}", info.version, info.commit,
                     info.compiler, info.flags,
                     info.torch.empty() ? "no LibTorch" : fmt::format("LibTorch {}", info.torch),
                     build_id().substr(0, 16));
}

std::string_view why_slow(std::string_view flags) {
  const std::size_t level = flags.rfind(" -O");  // the last one counts
  const std::string_view is = level == std::string_view::npos
                                  ? ""
                                  : flags.substr(level + 3, flags.find(' ', level + 1) - level - 3);
  if (is != "2" && is != "3" && is != "fast") return "not optimised";
  if (flags.find(" -fsanitize=") != std::string_view::npos) return "checks itself with sanitizers";
  if (flags.find(" -DNDEBUG") == std::string_view::npos) return "checks its assertions";
  return "";
}

}  // namespace moe
