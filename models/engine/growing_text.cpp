#include "models/engine/growing_text.h"

#include <span>

#include "models/tokenizer/tokenizer.h"

namespace moe {

std::optional<TokenId> known_prefix(const Tokenizer& tokenizer) {
  return tokenizer.bos() ? tokenizer.bos() : tokenizer.eos();
}

namespace {

/// The prefix token's own text, with which a text may begin; "" where there is no such token.
std::string prefix_text(const Tokenizer& tokenizer) {
  const std::optional<TokenId> prefix = known_prefix(tokenizer);
  return prefix ? tokenizer.decode(std::span(&*prefix, 1), /*skip_special_tokens=*/false)
                : std::string();
}

/// Where a text may be cut so that its beginning also says whether special tokens are added.
std::size_t cut_of(const Tokenizer& tokenizer, std::string_view text) {
  const std::size_t cut = tokenizer.last_cut(text);
  return cut < prefix_text(tokenizer).size() ? 0 : cut;
}

void append(std::vector<TokenId>& ids, const std::vector<TokenId>& more) {
  ids.insert(ids.end(), more.begin(), more.end());
}

}  // namespace

std::vector<TokenId> encode_whole(const Tokenizer& tokenizer, std::string_view text) {
  const std::string prefix = prefix_text(tokenizer);
  return tokenizer.encode(text, prefix.empty() || !text.starts_with(prefix));
}

GrowingText::GrowingText(const Tokenizer& tokenizer, std::string text)
    : tokenizer_(&tokenizer), text_(std::move(text)), cut_(cut_of(tokenizer, text_)) {
  if (cut_ > 0) head_ = encode_whole(tokenizer, std::string_view(text_).substr(0, cut_));
}

GrowingText GrowingText::grown(std::string_view more) const {
  if (cut_ == 0) return {*tokenizer_, text_ + std::string(more)};
  GrowingText out = *this;
  out.text_ += more;
  const std::string_view rest = std::string_view(out.text_).substr(cut_);
  if (const std::size_t further = tokenizer_->last_cut(rest); further > 0) {
    append(out.head_, tokenizer_->encode_rest(rest.substr(0, further)));
    out.cut_ += further;
  }
  return out;
}

std::vector<TokenId> GrowingText::ids_with(std::string_view more) const {
  const std::string rest = text_.substr(cut_) + std::string(more);
  if (cut_ == 0) return encode_whole(*tokenizer_, rest);
  const std::vector<TokenId> behind = tokenizer_->encode_rest(rest);
  std::vector<TokenId> ids;
  ids.reserve(head_.size() + behind.size());  // many are kept, so none has room for more
  append(ids, head_);
  append(ids, behind);
  return ids;
}

}  // namespace moe
