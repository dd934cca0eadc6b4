// All tokens a tokenizer has, of its model and added ones, by id and by text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <nlohmann/json_fwd.hpp>

#include "models/tokenizer/added_tokens.h"

namespace moe {

/// A token's id as it stands in a file; Error says `what` it belongs to where it is none.
TokenId read_token_id(const nlohmann::json&, const std::string& what);

class Vocabulary {
 public:
  /// An added token takes the place of one of the model with its id. Error names a text with two
  /// ids.
  Vocabulary(std::unordered_map<std::string, TokenId> model, const std::vector<AddedToken>& added,
             std::string_view where);

  std::int64_t size() const { return size_; }  // highest id + 1
  std::optional<TokenId> id_of(
      std::string_view text) const;           // nothing where no token is so written
  const std::string* text_of(TokenId) const;  // null where no token has the id
  bool is_special(TokenId) const;

 private:
  struct Token {
    std::string text;
    bool special = false;
  };
  std::unordered_map<std::string, TokenId> ids_;
  std::unordered_map<TokenId, Token> tokens_;
  std::int64_t size_ = 0;
};

}  // namespace moe
