#include "models/tokenizer/vocabulary.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {

Vocabulary::Vocabulary(std::unordered_map<std::string, TokenId> model,
                       const std::vector<AddedToken>& added, std::string_view where)
    : ids_(std::move(model)) {
  for (const auto& [text, id] : ids_) tokens_[id].text = text;
  for (const AddedToken& token : added) {
    ids_[token.content] = token.id;
    tokens_[token.id] = {token.content, token.special};
  }
  for (const auto& [id, token] : tokens_) size_ = std::max<std::int64_t>(size_, id + 1);
  constexpr std::int64_t kMost = std::int64_t{1} << 24U;
  require(size_ <= kMost, "{}: an id of {}; expected fewer than {} tokens", where, size_ - 1,
          kMost);
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
