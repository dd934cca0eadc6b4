#include "datasets/file_text.h"

#include <utf8proc.h>

#include <algorithm>

#include "harness/error.h"
#include "harness/json_text.h"

namespace moe {

std::string read_utf8(const std::filesystem::path& file) {
  std::string text = read_text(file);
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t point = 0;
    const utf8proc_ssize_t length =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at,
                         static_cast<utf8proc_ssize_t>(text.size() - at), &point);
    require(length > 0, "{}, line {}: byte {} of the file is not UTF-8", file.string(),
            1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'), at);
    at += static_cast<std::size_t>(length);
  }
  return text;
}

}  // namespace moe
