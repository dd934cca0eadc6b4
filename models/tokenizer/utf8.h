// UTF-8, as far as tokenizers need it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moe {

struct CodePoint {
  std::int32_t value = 0;  // U+FFFD where the bytes are not UTF-8
  std::size_t bytes = 1;
  bool valid = true;
};

/// The code point at the start of `text`, which is not empty. Where it is not UTF-8, `bytes` covers
/// the longest beginning of one, so that each broken sequence is replaced once (as Rust's
/// from_utf8_lossy does).
CodePoint first_code_point(std::string_view text);

/// Where the last code point of `text`, which is not empty, begins.
std::size_t last_code_point(std::string_view text);

bool is_utf8(std::string_view);

/// Every broken sequence replaced by U+FFFD.
std::string to_utf8(std::string_view);

void append_utf8(std::string&, std::int32_t code_point);

}  // namespace moe
