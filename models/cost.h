// What a model costs, from its config alone: parameters, bytes and floating-point operations.
// Everything that states a share of a roofline asks here. Norms and activations are not counted as
// operations; a multiply-add counts two.
#pragma once

#include <cstdint>

#include "models/config.h"

namespace moe {

/// A quantity by part of the model. `shared` is shared experts (none in today's families); the MLP
/// of a dense layer counts as experts, so that dense and mixture compare in one row.
struct ByPart {
  std::int64_t embedding = 0, attention = 0, router = 0, experts = 0, shared = 0, head = 0,
               norms = 0;

  std::int64_t total() const;
};

/// Parameters as they are stored; a tied head counts 0.
ByPart parameter_counts(const Config&);

/// Parameters read for one token: one row of the embedding, the chosen experts, the head (also when
/// tied: it is read).
ByPart active_parameter_counts(const Config&);

/// Active parameters as model cards count them: as above, with the whole embedding (a tied one
/// once).
std::int64_t active_parameters_with_embedding(const Config&);

/// Bytes of all weights as they are kept; a tied head's where they are packed.
ByPart weight_bytes(const Config&, const KeptAs&);

/// Bytes of keys and values one token leaves in all layers.
std::int64_t kv_bytes_per_token(const Config&, DType);

/// One step: `batch` sequences with `context` tokens in the cache take `new_tokens` each; `scored`
/// rows reach the head.
struct StepLoad {
  std::int64_t batch = 1, new_tokens = 1, context = 0, scored = 1;
};

/// Floating-point operations of a step, by part; attention includes scores and weighted values.
ByPart step_flops(const Config&, const StepLoad&);

/// Distinct experts that `tokens` tokens touch under uniform routing: E * (1 - (1 - k / E)^tokens).
double expected_experts_touched(const FeedForwardSpec&, std::int64_t tokens);

/// Bytes a step must move: weights (each touched expert once; `experts_touched` per mixture layer,
/// or the uniform expectation where it is negative), rows of the embedding, keys and values read
/// and written.
double step_bytes(const Config&, const KeptAs& weights, DType kv, const StepLoad&,
                  double experts_touched = -1);

/// Bytes a step cannot do without, beside weights, keys and values: the hidden state and the widest
/// activation of the new tokens, the scored rows' logits in float32. What it takes in fact is more.
std::int64_t least_workspace_bytes(const Config&, DType, const StepLoad&);

}  // namespace moe
