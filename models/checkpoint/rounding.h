// float32 values as a checkpoint of another dtype stores them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/config.h"

namespace moe {

/// To nearest, ties to even; beyond the largest number infinity; NaN stays NaN.
std::uint16_t to_bf16(float);
std::uint16_t to_f16(float);

/// The largest finite number of a dtype.
float largest(DType);

/// Writes `value`, rounded to `dtype`, to the size_of(dtype) bytes at `at`.
void store_rounded(std::byte* at, float value, DType dtype);

}  // namespace moe
