// One ragged step of a decoder: prefill, decode, scoring and shared prefixes are all this call.
//
//   T rows of all sequences together   R rows asked for   D model width
//
// A sequence brings new tokens at absolute positions and the pages that hold (and will hold) its
// keys and values. Several sequences may list the same page as long as none of them writes to it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/decoder/torch.h"
#include "models/ids.h"

namespace moe {

/// What an encoder left for cross-attention. Decoder-only models have none.
struct Memory;

// NOLINTBEGIN(readability-redundant-member-init): without them g++ wants every member named where
// one of these is written.
struct StepSequence {
  std::span<const TokenId> new_ids;
  std::int64_t position = 0;  // of new_ids[0]; the pages hold that many tokens already
  /// Cover position + new_ids.size() tokens; empty: no cache, position 0.
  std::span<const PageId> pages = {};
  /// Rows of new_ids whose hidden state comes back, ascending.
  std::span<const std::int32_t> asked = {};
  const Memory* memory = nullptr;
};

/// What is recorded of routing, or forced upon it.
struct RoutingControl {
  bool record = false;
  bool count = true;  // keep expert loads
  /// For each layer, [T, K] expert ids that replace its router's choice; a layer with an empty list
  /// is free, and all are where there are no lists. What was recorded can so be played again.
  std::span<const std::vector<std::int32_t>> force_LTK = {};
};
// NOLINTEND(readability-redundant-member-init)

/// The routing of one mixture layer in one step.
struct LayerRouting {
  std::int64_t layer = 0;
  Tensor logits_TE, weight_TK, expert_TK;
};

/// Wall seconds by part of the steps and heads that were given it: attention with its projections
/// and positions, router, experts (or the dense MLP), head; other is preparation, embedding, norms
/// and residuals. They sum to the step.
struct StepTimers {
  double attention_s = 0, router_s = 0, experts_s = 0, head_s = 0, other_s = 0;
};

struct Step {
  std::vector<StepSequence> sequences;
  RoutingControl routing;
  StepTimers* timers = nullptr;
};

struct StepResult {
  Tensor hidden_RD;                   // after the final norm; the head is applied by who needs it
  std::vector<LayerRouting> routing;  // when recorded
};

}  // namespace moe
