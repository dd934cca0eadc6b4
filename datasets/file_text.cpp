#include "datasets/file_text.h"

#include <utf8proc.h>

#include <algorithm>

#include "harness/embedded.h"
#include "harness/error.h"
#include "harness/json_text.h"

namespace moe {

extern const std::span<const EmbeddedFile> kExamples;  // datasets/examples/*.jsonl

namespace {

constexpr std::string_view kBundled = "bundled:";

std::string bundled_text(const std::filesystem::path& file) {
  const std::string name = file.stem().string().substr(kBundled.size());
  const auto found = std::ranges::find(kExamples, name, &EmbeddedFile::name);
  require(found != kExamples.end(), "{}: no such file comes with the program", file.string());
  return std::string(found->text);
}

}  // namespace

bool is_bundled(std::string_view file) {
  return file.starts_with(kBundled);
}

std::string read_utf8(const std::filesystem::path& file) {
  std::string text = is_bundled(file.string()) ? bundled_text(file) : read_text(file);
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                         static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    if (length <= 0) {
      const auto line =
          1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      require(false, "{}, line {}: byte {} of the file is not UTF-8", file.string(), line, at);
    }
    at += static_cast<std::size_t>(length);
  }
  return text;
}

}  // namespace moe
