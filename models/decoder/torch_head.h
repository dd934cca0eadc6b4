// The head of the `torch` table.
#pragma once

#include "models/decoder/ops.h"

namespace moe {

/// Logits [R, V] in float32.
Tensor torch_head(const Tensor& weight_VD, const Tensor& hidden_RD);

/// Blocks of as many rows as the targets' limit holds.
HeadScores torch_head_scores(const Tensor& weight_VD, const Tensor& hidden_RD, const HeadTargets&);

}  // namespace moe
