// The head of the `torch` table.
#pragma once

#include <cstdint>
#include <functional>

#include "models/decoder/ops.h"

namespace moe {

/// Scores of targets from the logarithms of probabilities [R, V] that `log_p` gives for some rows
/// at a time: as many as the targets' limit holds, one at least.
HeadScores scores_by_rows(const std::function<Tensor(const Tensor& hidden_RD)>& log_p,
                          const Tensor& hidden_RD, std::int64_t vocab, const HeadTargets&);

/// Logits [R, V] in float32.
Tensor torch_head(const Tensor& weight_VD, const Tensor& hidden_RD);

/// Blocks of as many rows as the targets' limit holds.
HeadScores torch_head_scores(const Tensor& weight_VD, const Tensor& hidden_RD, const HeadTargets&);

}  // namespace moe
