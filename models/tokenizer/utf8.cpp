#include "models/tokenizer/utf8.h"

#include <algorithm>

namespace moe {
namespace {

constexpr std::int32_t kReplacement = 0xFFFD;

struct Lead {
  std::size_t length;       // of the whole sequence; 0: no lead byte
  unsigned char low, high;  // of the second byte
  unsigned char payload;    // bits of the lead byte
};

Lead lead_of(unsigned char c) {
  if (c >= 0xC2 && c <= 0xDF) return {2, 0x80, 0xBF, 0x1F};
  if (c == 0xE0) return {3, 0xA0, 0xBF, 0x0F};
  if (c == 0xED) return {3, 0x80, 0x9F, 0x0F};  // no surrogates
  if (c >= 0xE1 && c <= 0xEF) return {3, 0x80, 0xBF, 0x0F};
  if (c == 0xF0) return {4, 0x90, 0xBF, 0x07};
  if (c >= 0xF1 && c <= 0xF3) return {4, 0x80, 0xBF, 0x07};
  if (c == 0xF4) return {4, 0x80, 0x8F, 0x07};
  return {0, 0, 0, 0};
}

}  // namespace

CodePoint first_code_point(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1, true};
  const Lead lead = lead_of(byte(0));
  if (lead.length == 0) return {kReplacement, 1, false};
  std::int32_t value = byte(0) & lead.payload;
  for (std::size_t i = 1; i < lead.length; ++i) {
    const unsigned char low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xBF;
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {kReplacement, i, false};
    value = (value << 6U) | (byte(i) & 0x3F);
  }
  return {value, lead.length, true};
}

std::size_t last_code_point(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) --at;
  return at;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (!point.valid) return false;
    text.remove_prefix(point.bytes);
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint point = first_code_point(text);
    if (point.valid) {
      out.append(text.substr(0, point.bytes));
    } else {
      append_utf8(out, kReplacement);
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

void append_utf8(std::string& out, std::int32_t code_point) {
  const auto c = static_cast<std::uint32_t>(code_point);
  const auto add = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    add(c);
  } else if (c < 0x800) {
    add(0xC0U | (c >> 6U));
    add(0x80U | (c & 0x3FU));
  } else if (c < 0x10000) {
    add(0xE0U | (c >> 12U));
    add(0x80U | ((c >> 6U) & 0x3FU));
    add(0x80U | (c & 0x3FU));
  } else {
    add(0xF0U | (c >> 18U));
    add(0x80U | ((c >> 12U) & 0x3FU));
    add(0x80U | ((c >> 6U) & 0x3FU));
    add(0x80U | (c & 0x3FU));
  }
}

}  // namespace moe
