// How text is cut at the matches of a pattern: the "behavior" of a Split pre-tokenizer.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace moe {

using Spans = std::vector<std::pair<std::size_t, std::size_t>>;  // [begin, end) in bytes

enum class Behaviour : std::uint8_t {
  removed,
  isolated,
  merged_with_previous,
  merged_with_next,
  contiguous  // matches that touch are one word
};

/// Appends the words of `text`, none of them empty. `matches` are in order and do not overlap; with
/// `invert` what lies between them counts as a match and they do not.
void split_at(std::string_view text, const Spans& matches, Behaviour, bool invert,
              std::vector<std::string_view>& words);

/// Where `what` stands in `text`, from left to right.
Spans literal_matches(std::string_view text, std::string_view what);

}  // namespace moe
