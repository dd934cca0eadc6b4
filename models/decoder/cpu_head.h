// Scores of the `cpu` table's head, of which no logits are stored.
#pragma once

#include "models/decoder/cpu_weights.h"
#include "models/decoder/cpu_work.h"
#include "models/decoder/ops.h"

namespace moe {

HeadScores cpu_head_scores(const CpuHead&, const Tensor& hidden_RD, const HeadTargets&, CpuWork&);

}  // namespace moe
