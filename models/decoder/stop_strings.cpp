#include "models/decoder/stop_strings.h"

#include <algorithm>

namespace moe {

bool cut_at_stop(std::string& text, std::span<const std::string> stop) {
  bool cut = false;
  for (const std::string& word : stop) {
    const std::size_t at = word.empty() ? std::string::npos : text.find(word);
    if (at == std::string::npos) continue;
    text.resize(at);
    cut = true;
  }
  return cut;
}

StopSearch::StopSearch(const Tokenizer& tokenizer, std::span<const std::string> stop)
    : tokenizer_(&tokenizer), stop_(stop) {
  for (const std::string& word : stop) longest_ = std::max(longest_, word.size());
}

bool StopSearch::found(std::span<const TokenId> ids) {
  if (longest_ == 0) return false;
  std::string text = tokenizer_->decode(ids.subspan(begin_));
  if (cut_at_stop(text, stop_)) return true;
  constexpr std::size_t kShort = 16;  // tokens that are not worth a second decoding
  if (ids.size() - begin_ <= kShort) return false;
  const std::size_t middle = begin_ + (ids.size() - begin_) / 2;
  const std::string half = tokenizer_->decode(ids.subspan(middle));
  // Tokens read differently where they begin a text (a blank dropped, a character cut in two): the
  // half must be the end of what the whole reads as, and so must it be after the next token, which
  // may yet make a character of bytes that read as U+FFFD.
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  if (half.size() >= longest_ && text.ends_with(half) && !half.ends_with(kReplacement))
    begin_ = middle;
  return false;
}

}  // namespace moe
