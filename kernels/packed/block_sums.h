// Sums of the inputs that share a scale and an offset.
#pragma once

#include <cstdint>

namespace moe {

/// sums[b] of the n inputs' blocks b of kQuantisedBlock, in an order that is the same everywhere:
/// of each four inputs apart, then these four.
void sum_blocks(const float* x, std::int64_t n, float* sums);

}  // namespace moe
