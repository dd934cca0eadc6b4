// Attention of the `torch` table: plain matrix products over a ragged step.
#pragma once

#include "models/decoder/torch_step.h"

namespace moe {

/// Writes the step's keys and values into their sequences' pages, then attends: [T, H * e]. Scores
/// and their softmax as transformers' eager attention: products in the activation dtype, softmax in
/// float32. `sinks_H` may be undefined.
Tensor torch_attention(const TorchStep&, const AttentionArgs&, const Tensor& sinks_H);

}  // namespace moe
