// Attention of the `cpu` table.
#pragma once

#include "models/decoder/cpu_step.h"
#include "models/decoder/cpu_work.h"
#include "models/decoder/ops.h"

namespace moe {

/// What the kernel is told of a layer whose keys and values lie in such pages.
AttentionShape attention_shape(const AttentionSpec&, std::int64_t tokens_per_page);

/// [T, H * e]; error on an additive bias, which no kernel takes.
Tensor cpu_attention(const CpuStep&, const AttentionArgs&, CpuWork&);

}  // namespace moe
