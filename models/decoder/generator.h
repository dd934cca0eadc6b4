// Greedy decoding of many prompts: what they share runs once, sequences join as room allows and
// leave as they stop.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/decoder/decoder.h"
#include "models/decoder/scorer.h"

namespace moe {

struct Prompt {
  std::vector<TokenId> ids;  // at least one
  std::int64_t max_new_tokens = 0;
};

/// Asked after every new token with all ids of the continuation so far: true ends the sequence.
using IsFinished = std::function<bool(std::size_t prompt, std::span<const TokenId> continuation)>;

/// Calls `generated(index, continuation)` as sequences end: at max_new_tokens, when `finished` says
/// so, or when the model's length is reached. Arg-max of each step, the first of ties. At most
/// `batch` sequences run together, and no more than have room for all their tokens in
/// `limits.kv_bytes`; long prompts enter in steps of `limits.tokens_per_step`. Error where a prompt
/// and its answer alone do not fit.
void generate_greedily(Decoder&, std::span<const Prompt>, std::int64_t batch,
                       const ScoreLimits& limits, const IsFinished& finished,
                       const std::function<void(std::size_t, std::span<const TokenId>)>& generated);

}  // namespace moe
