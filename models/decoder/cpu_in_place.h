// What the `cpu` table does to a tensor that was given away to it: nobody but the table itself may
// hold it.
#pragma once

#include <cstdint>

#include "harness/thread_pool.h"
#include "models/decoder/torch.h"

namespace moe {

/// x_TN as [T, N / width, width].
Tensor cpu_in_heads(Tensor x_TN, std::int64_t width);

/// To +-limit; what is no number stays so.
Tensor cpu_clipped(Tensor x, float limit, ThreadPool&);

}  // namespace moe
