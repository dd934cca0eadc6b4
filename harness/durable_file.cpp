#include "harness/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "harness/error.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

std::string reason(int code) {
  return std::generic_category().message(code);
}

/// An open file or folder, closed at the end.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : number_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

void write_all(int file, std::span<const std::byte> bytes, const fs::path& shown) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    require(written > 0, "{}: cannot be written: {}", shown.string(),
            reason(written < 0 ? errno : ENOSPC));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// `shown` is the file as the caller knows it.
void write_to(const fs::path& file, const fs::path& shown,
              std::span<const std::span<const std::byte>> parts) {
  const Descriptor out(file, O_WRONLY | O_CREAT | O_TRUNC);
  require(out.number() >= 0, "{}: cannot be written: {}", shown.string(), reason(errno));
  for (const std::span<const std::byte> part : parts) write_all(out.number(), part, shown);
  require(fsync(out.number()) == 0, "{}: cannot be brought to the disk: {}", shown.string(),
          reason(errno));
}

}  // namespace

void sync_folder(const fs::path& folder) {
  const Descriptor opened(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  const bool done = opened.number() >= 0 && fsync(opened.number()) == 0;
  require(done || errno == EINVAL,  // of file systems that keep no folder waiting
          "{}: cannot be brought to the disk: {}", folder.string(), reason(errno));
}

void write_durably(const fs::path& file, std::span<const std::span<const std::byte>> parts) {
  const fs::path partial = file.string() + fmt::format(".part-{}", getpid());
  std::error_code failed;
  try {
    write_to(partial, file, parts);
    fs::rename(partial, file, failed);
    require(!failed, "{}: cannot be written: {}", file.string(), failed.message());
  } catch (...) {
    fs::remove(partial, failed);
    throw;
  }
  sync_folder(file.parent_path());
}

void write_durably(const fs::path& file, std::string_view text) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  write_durably(file, std::span(&bytes, 1));
}

}  // namespace moe
