// Texts that begin alike, as prompts with the same examples do: what they share is encoded once,
// where the tokenizer says that it may be.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/ids.h"

namespace moe {

class Tokenizer;

/// What stands before a text without a context: BOS, else EOS; nothing where there is neither.
std::optional<TokenId> known_prefix(const Tokenizer&);

/// Encodes a whole text as lm-evaluation-harness does: with special tokens, unless the text begins
/// with the prefix token's own, so that no BOS stands twice.
std::vector<TokenId> encode_whole(const Tokenizer&, std::string_view text);

/// A text that others go on from. Holds on to the tokenizer.
class GrowingText {
 public:
  GrowingText(const Tokenizer&, std::string text);

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const std::string& text() const { return text_; }
  /// The text that `more` makes of this one.
  GrowingText grown(std::string_view more) const;
  /// encode_whole(text() + more).
  std::vector<TokenId> ids_with(std::string_view more) const;

 private:
  const Tokenizer* tokenizer_;
  std::string text_;
  std::size_t cut_ = 0;        // 0: nothing can be said of the beginning alone
  std::vector<TokenId> head_;  // of what stands before the cut
};

}  // namespace moe
