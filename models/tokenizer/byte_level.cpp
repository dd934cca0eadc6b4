#include "models/tokenizer/byte_level.h"

#include <unordered_map>

#include "models/tokenizer/regex.h"
#include "models/tokenizer/utf8.h"

namespace moe {
namespace {

/// The byte that each character of the alphabet stands for.
std::unordered_map<std::int32_t, char> bytes_by_character() {
  std::unordered_map<std::int32_t, char> out;
  const auto alphabet = byte_alphabet();
  for (std::size_t byte = 0; byte < alphabet.size(); ++byte)
    out[alphabet[byte]] = static_cast<char>(byte);
  return out;
}

enum class Class : std::uint8_t { letter, number, space, other };

Class slow_class(std::int32_t c) {
  if (is_letter(c)) return Class::letter;
  if (is_number(c)) return Class::number;
  return is_space(c) ? Class::space : Class::other;
}

Class class_of(std::int32_t c) {
  static const auto kAscii = [] {
    std::array<Class, 128> out{};
    for (std::int32_t i = 0; i < 128; ++i) out[static_cast<std::size_t>(i)] = slow_class(i);
    return out;
  }();
  return c < 128 ? kAscii[static_cast<std::size_t>(c)] : slow_class(c);
}

/// Bytes of the code points of one class at the start of `text`.
std::size_t run_of(std::string_view text, Class wanted) {
  std::size_t size = 0;
  while (size < text.size()) {
    const CodePoint point = first_code_point(text.substr(size));
    if (class_of(point.value) != wanted) break;
    size += point.bytes;
  }
  return size;
}

std::size_t contraction(std::string_view text) {
  constexpr auto kEndings = std::to_array<std::string_view>({"s", "t", "re", "ve", "m", "ll", "d"});
  for (const std::string_view ending : kEndings) {
    if (text.substr(1).starts_with(ending)) return 1 + ending.size();
  }
  return 0;
}

/// White space before a word leaves its last character to the word, if it is not the only one.
std::size_t spaces(std::string_view text) {
  const std::size_t run = run_of(text, Class::space);
  if (run == text.size()) return run;
  const std::size_t last = last_code_point(text.substr(0, run));
  return last == 0 ? run : last;
}

std::size_t word_size(std::string_view text) {
  if (text[0] == '\'') {
    if (const std::size_t size = contraction(text)) return size;
  }
  const std::size_t blank = text[0] == ' ' ? 1 : 0;
  if (blank < text.size()) {
    const Class first = class_of(first_code_point(text.substr(blank)).value);
    if (first != Class::space) return blank + run_of(text.substr(blank), first);
  }
  return spaces(text);
}

}  // namespace

std::array<std::int32_t, 256> byte_alphabet() {
  std::array<std::int32_t, 256> out{};
  std::int32_t next = 0x100;
  for (std::int32_t byte = 0; byte < 256; ++byte) {
    const bool is_printable =
        (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    out[static_cast<std::size_t>(byte)] = is_printable ? byte : next++;
  }
  return out;
}

std::optional<std::string> bytes_of_alphabet(std::string_view token) {
  static const auto kAlphabet = bytes_by_character();
  std::string out;
  while (!token.empty()) {
    const CodePoint point = first_code_point(token);
    const auto found = kAlphabet.find(point.value);
    if (!point.valid || found == kAlphabet.end()) return std::nullopt;
    out += found->second;
    token.remove_prefix(point.bytes);
  }
  return out;
}

void split_gpt2(std::string_view text, std::vector<std::string_view>& words) {
  while (!text.empty()) {
    const std::size_t size = word_size(text);
    words.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
}

}  // namespace moe
