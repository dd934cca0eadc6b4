// Log-likelihoods of many inputs through one trie: each shared token runs once, only scored rows
// reach the head.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "models/decoder/decoder.h"
#include "models/engine/windows.h"

namespace moe {

struct ScoreLimits {
  std::int64_t kv_bytes = 0;  // for keys and values
  std::int64_t tokens_per_page = 16;
  std::int64_t tokens_per_step = 4096;
  std::int64_t logit_bytes = std::int64_t{64} << 20U;  // of logits held at a time
  bool sharing = true;                                 // what inputs begin with alike runs once
  StepTimers* timers = nullptr;                        // of all steps and heads, if any
  DType softmax = DType::f32;                          // another: rounded to it (rounded_head.h)
};

/// Bytes of keys and values that a page holds, in all layers.
std::int64_t page_bytes(const Decoder&, const ScoreLimits&);

struct WindowScore {
  double log_likelihood = 0;  // natural log, summed over the window's targets
  bool is_greedy = true;      // every target is the arg-max, the first of ties
};

/// Calls `scored(index, score)` for each window as soon as its last row has run, and `stepped`, if
/// any, behind those of each step. Error where a window does not fit into the KV budget; it says
/// what would. A budget that holds each window, but not its branches' copies of pages too, runs
/// them one by one, unshared: the same numbers, later.
void score_windows(Decoder&, std::span<const Window>, const ScoreLimits&,
                   const std::function<void(std::size_t, const WindowScore&)>& scored,
                   const std::function<void()>& stepped);

}  // namespace moe
