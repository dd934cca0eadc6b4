// What is asked of an engine: text and token ids, because an endpoint needs text and an oracle
// compares text, while the native engine needs ids.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "models/engine/shared.h"
#include "models/ids.h"

namespace moe {

enum class RequestKind : std::uint8_t {
  log_likelihood,  // of the continuation, given the context
  rolling,         // of the whole text, in windows (perplexity)
  generate,        // greedy continuation of the context
};

struct Request {
  RequestKind kind = RequestKind::log_likelihood;
  Shared<std::string> context;
  std::string continuation;
  // Before truncation to the model's length.
  Shared<std::vector<TokenId>> context_ids;
  std::vector<TokenId> continuation_ids;
  std::vector<std::string> stop;    // generate: cut at the first that appears
  std::int64_t max_new_tokens = 0;  // generate
};

/// The answer to one request.
struct Scored {
  double log_likelihood =
      std::numeric_limits<double>::quiet_NaN();  // natural log, summed over the continuation
  bool is_greedy = false;  // every continuation token is the arg-max (first of ties)
  std::int64_t truncated_tokens =
      0;                     // cut on the left because the model is shorter than the request
  std::string text;          // generate
  std::vector<TokenId> ids;  // generate
};

}  // namespace moe
