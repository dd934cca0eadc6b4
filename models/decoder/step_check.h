// What a step may hold, checked before anything runs.
#pragma once

#include "models/config.h"
#include "models/decoder/step.h"

namespace moe {

/// Error on what no step may hold: no rows, a token outside the vocabulary, a position without
/// pages, asked rows that do not ascend.
void check_step(const Config&, const Step&);

/// Forced experts of each layer as int64 [T, K] on the device, undefined where its routing is free.
/// Error where they are of another shape or number than the layer's.
std::vector<Tensor> forced_experts(const Config&, const Step&, const at::Device&);

}  // namespace moe
