#include "models/tokenizer/vocabulary.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {

TokenId read_token_id(const nlohmann::json& json, const std::string& what) {
  constexpr std::int64_t kMost = std::int64_t{1} << 24U;
  require(json.is_number_integer() && json >= 0 && json < kMost,
          "{}: expected an id from 0 to {}, found {}", what, kMost - 1, json.dump().substr(0, 80));
  return json.get<TokenId>();
}

Vocabulary::Vocabulary(std::unordered_map<std::string, TokenId> model,
                       const std::vector<AddedToken>& added, std::string_view where)
    : ids_(std::move(model)) {
  for (const auto& [text, id] : ids_) tokens_[id].text = text;
  for (const AddedToken& token : added) {
    const TokenId id = ids_.try_emplace(token.content, token.id).first->second;
    require(id == token.id, "{}: token \"{}\" has the ids {} and {}", where, token.content, id,
            token.id);
    tokens_[token.id] = {token.content, token.special};
  }
  for (const auto& [id, token] : tokens_) size_ = std::max<std::int64_t>(size_, id + 1);
}

std::optional<TokenId> Vocabulary::id_of(std::string_view text) const {
  const auto found = ids_.find(std::string(text));
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

const std::string* Vocabulary::text_of(TokenId id) const {
  const auto found = tokens_.find(id);
  return found == tokens_.end() ? nullptr : &found->second.text;
}

bool Vocabulary::is_special(TokenId id) const {
  const auto found = tokens_.find(id);
  return found != tokens_.end() && found->second.special;
}

}  // namespace moe
