// The losses of a step. Scalars that autograd runs through.
//
//   T tokens   E experts   K experts per token   R predicted rows   V vocabulary
#pragma once

#include <cstdint>

#include "models/decoder/ops.h"

namespace moe {

/// E sum_e f_e P_e: f_e the share of all choices that went to e (which sums to 1), P_e the mean of
/// softmax(logits). 1 where both are even, E where one expert gets all. The gradient goes through
/// P alone.
Tensor balance_loss(const Tensor& logits_TE, const Tensor& expert_TK);

/// The mean over tokens of logsumexp(logits)^2.
Tensor router_z_loss(const Tensor& logits_TE);

/// Tokens given to each expert, int64 [E] on the CPU.
Tensor loads_of(const Tensor& expert_TK, std::int64_t experts);

}  // namespace moe
