// The angles that rotary position embedding turns by.
#pragma once

#include <cstdint>
#include <span>

#include "harness/thread_pool.h"

namespace moe {

/// Cosines and sines of position_T frequency_h, times `factor`, for the h pairs that turn
/// (rope/frequencies.h). In float32, as transformers does: the position, the angle, and the product
/// with the factor are each rounded; cosine and sine are those of the rounded angle. The bits of a
/// row depend on its position alone.
void rope_angles(std::span<const float> frequency_h, double factor,
                 std::span<const std::int64_t> position_T, float* cos_Th, float* sin_Th,
                 ThreadPool&);

}  // namespace moe
