// Norms of the `torch` table.
#pragma once

#include "models/decoder/ops.h"

namespace moe {

/// Over the last dimension: normalised in float32, rounded, then multiplied by the weight (which
/// may be undefined): the order of transformers.
Tensor torch_norm(const NormSpec&, const Tensor& weight, const Tensor& x);

}  // namespace moe
