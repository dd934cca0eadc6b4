// The angles that rotary position embedding turns by.
#pragma once

#include <cstdint>
#include <span>

namespace moe {

/// Cosines and sines of position_T / theta^(2 i / dims), i < h = dims / 2. In float32, as
/// transformers does: the exponent, the power, its reciprocal, the position and the angle are each
/// rounded; cosine and sine are those of the rounded angle.
void rope_angles(double theta, std::int64_t dims, std::span<const std::int64_t> position_T,
                 float* cos_Th, float* sin_Th);

}  // namespace moe
