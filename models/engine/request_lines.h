// A file of requests, one JSON object a line, and the lines that answer them. Reading needs no
// model: texts are not yet token ids.
//
//   {"id": 1, "type": "loglikelihood", "context": "One and one is", "continuation": " two"}
//   {"id": 2, "type": "loglikelihood_rolling", "text": "One and one is two."}
//   {"id": 3, "type": "generate_until", "context": "One and", "until": ["."], "max_gen_toks": 9}
//
// Token ids may stand for texts: `context_ids` with `continuation_ids`, `text_ids`. `id` is any
// JSON value, once in a file. Without `until` only the model's end token stops.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/engine/request.h"

namespace moe {

struct RequestLine {
  std::int64_t line = 0;  // in its file, from 1
  std::string id;         // as JSON
  bool has_ids = false;   // given as token ids; else the request has its texts alone
  Request request;
};

/// lm-evaluation-harness generates as many where a request does not say.
inline constexpr std::int64_t kGeneratedTokens = 256;

/// All lines of a file. Error names `file`:LINE, key, expected and found where a line is not such a
/// request, an id stands twice, or there is no line.
std::vector<RequestLine> read_request_lines(std::string_view text, std::string_view file);

/// The answer as one line, without its newline:
///
///   {"id": 1, "log_likelihood": -0.5, "is_greedy": true, "context_tokens": 4,
///    "continuation_tokens": 1, "truncated_tokens": 0}
///   {"id": 3, "generated": " one is two", "generated_ids": [5, 6, 7], "tokens": 3,
///    "context_tokens": 2, "truncated_tokens": 0}
///
/// `request` has the ids of the line's request, before truncation. `generated` is null where the
/// target has no tokenizer. Error where the log-likelihood is not a finite number.
std::string answer_line(const RequestLine& line, const Request& request, const Scored& answer,
                        bool has_tokenizer);

}  // namespace moe
