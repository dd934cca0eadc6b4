// "added_tokens" of a tokenizer.json: found in text before anything else happens to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "models/ids.h"
#include "models/tokenizer/normalizer.h"

namespace moe {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool special = false, normalized = true, single_word = false, lstrip = false, rstrip = false;
};

/// A piece of text: an added token, or what stands between two.
struct TextPiece {
  std::string_view text;
  std::optional<TokenId> id;
};

class AddedTokens {
 public:
  AddedTokens(const nlohmann::json& list, const Normalizer&, std::string_view where);

  const std::vector<AddedToken>& all() const { return all_; }

  /// Is no token found across a cut before a blank behind an ASCII letter or digit, and none right
  /// before one?
  bool keep_cuts() const;

  /// Pieces of `text` by the tokens that are looked for in text as it came (`normalized` false) or
  /// after the normalizer (true): the leftmost match, the longest of those.
  std::vector<TextPiece> split(std::string_view text, bool normalized) const;

 private:
  struct Group {
    std::vector<std::string> contents;
    std::vector<std::size_t> tokens;  // index into all_
    std::unordered_map<char, std::vector<std::size_t>>
        by_first;  // index into contents, the longest first
  };
  const std::vector<std::size_t>* candidates(const Group&, char first) const;

  std::vector<AddedToken> all_;
  Group raw_, normalized_;
};

}  // namespace moe
