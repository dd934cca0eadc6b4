// Strings at which a generated text ends.
#pragma once

#include <span>
#include <string>

#include "models/tokenizer/tokenizer.h"

namespace moe {

/// `text` up to where a stop string appears in it, one string after the other; whether one does.
bool cut_at_stop(std::string& text, std::span<const std::string> stop);

/// Watches a text that grows token by token for stop strings. Decodes only its end, so that a long
/// text costs no more per token than a short one. `tokenizer` and `stop` must outlive it.
class StopSearch {
 public:
  StopSearch(const Tokenizer& tokenizer, std::span<const std::string> stop);

  /// Whether a stop string is there; asked after every token, with all ids so far.
  bool found(std::span<const TokenId> ids);

 private:
  const Tokenizer* tokenizer_;
  std::span<const std::string> stop_;
  std::size_t longest_ = 0;  // bytes of a stop string
  std::size_t begin_ = 0;    // of the end that is decoded
};

}  // namespace moe
