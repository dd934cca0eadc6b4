// GPT-2's byte-level text: an alphabet of 256 printable characters for the 256 bytes, and its split
// into words (Radford et al. 2019, encoder.py).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moe {

/// The character of each byte: printable bytes stand for themselves, the others for U+0100 and on.
std::array<std::int32_t, 256> byte_alphabet();

/// The bytes that a token in the alphabet stands for; nothing where a character is not of the
/// alphabet.
std::optional<std::string> bytes_of_alphabet(std::string_view token);

/// Appends [begin, end) of the words of UTF-8 `text`, which cover it:
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
void split_gpt2(std::string_view text, std::vector<std::string_view>& words);

inline constexpr std::string_view kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

}  // namespace moe
