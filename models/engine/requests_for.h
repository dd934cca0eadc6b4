// The lines of a request file as requests to one model: texts as its tokenizer reads them, all of
// them checked before any is run.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "models/engine/request_lines.h"

namespace moe {

class Tokenizer;

/// What requests are checked against.
struct RequestLimits {
  std::int64_t vocab = 0;
  std::int64_t max_tokens = 0;  // context + continuation that the model takes
};

/// The lines' requests in their order, the texts moved into them. As lm-evaluation-harness encodes
/// them; a generated text also stops at the text of the tokenizer's end token, as there. Error
/// names `file`:LINE and the key where the model cannot take a request: a text without a tokenizer,
/// a continuation that adds no token or is longer than the model, an id beyond the vocabulary, no
/// token to generate from. `tokenizer`: none where the target has none.
std::vector<Request> requests_for(std::vector<RequestLine>& lines, const Tokenizer* tokenizer,
                                  const RequestLimits&, std::string_view file);

/// What requests took. Contexts that were too long count as they were cut.
struct RequestTotals {
  std::int64_t requests = 0;
  std::int64_t input_tokens = 0;  // of all model inputs, each for itself, and of what was generated
  std::int64_t run_tokens = 0;    // the same with every prefix that scored inputs share once
  std::int64_t truncated_requests = 0;
};
RequestTotals totals_of(std::span<const Request>, std::span<const Scored> answers,
                        std::int64_t max_tokens);

}  // namespace moe
