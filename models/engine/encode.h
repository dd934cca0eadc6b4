// Text pairs to token ids, exactly as lm-evaluation-harness encodes them (api/model.py,
// _encode_pair).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/engine/growing_text.h"
#include "models/engine/request.h"

namespace moe {

class Tokenizer;

/// Context and continuation ids: trailing white space of the context moves to the continuation; the
/// continuation's ids are what encoding both together adds to the context's. Special tokens as the
/// tokenizer adds them. An empty context is the prefix token, unless the continuation begins with
/// it.
std::pair<std::vector<TokenId>, std::vector<TokenId>> encode_pair(const Tokenizer&,
                                                                  std::string_view context,
                                                                  std::string_view continuation);

/// A context whose continuations are scored: a question behind what stands before it. Each
/// continuation's ids are those of encode_pair, but what all share is encoded once.
class EncodedContext {
 public:
  /// Error where both are empty and the tokenizer has neither BOS nor EOS.
  EncodedContext(const GrowingText& lead, std::string_view question);

  const Shared<std::vector<TokenId>>& ids() const { return ids_; }
  std::vector<TokenId> ids_of(std::string_view continuation) const;
  /// A request for the log-likelihood of a continuation; it shares the context. Error where no id
  /// is left to score, and where the context has none.
  Request request(std::string continuation) const;

 private:
  const Tokenizer& tokenizer_;
  Shared<std::string> text_;
  std::string space_;     // white space at the text's end, which goes to the continuations
  GrowingText stripped_;  // the text without it
  Shared<std::vector<TokenId>> ids_;
};

/// The same of one context with one continuation.
Request log_likelihood_request(const Tokenizer&, std::string_view context,
                               std::string continuation);

/// A request for the rolling log-likelihood of `text`.
Request rolling_request(const Tokenizer&, std::string text);

/// `stop`, and the text of the tokenizer's end token: lm-evaluation-harness stops there too.
std::vector<std::string> with_end_text(const Tokenizer&, std::vector<std::string> stop);

/// A request for what the model goes on with after `lead` and `question`, cut where one of `stop`
/// begins, or the end token's text. Error where the context is empty and the tokenizer adds no
/// special token.
Request generation_request(const GrowingText& lead, std::string_view question,
                           std::vector<std::string> stop, std::int64_t max_new_tokens);

/// What stands before a text without a context: BOS, else EOS; Error where the tokenizer has
/// neither.
TokenId prefix_token(const Tokenizer&);

/// How many bytes at the end, or the beginning, of `text` are white space in the sense of Python's
/// str.strip.
std::size_t trailing_white_space(std::string_view text);
std::size_t leading_white_space(std::string_view text);

}  // namespace moe
