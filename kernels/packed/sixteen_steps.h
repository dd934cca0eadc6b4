// The sixteen evenly spaced values that are nearest to the elements of a block, for int4.
#pragma once

#include <array>
#include <span>

#include "kernels/packed/quantised.h"

namespace moe {

/// Values scale code + offset, with codes from 0 to 15; scale and offset are float16's.
struct SixteenSteps {
  float scale = 0, offset = 0;
  std::array<float, kQuantisedBlock> codes{};  // of the block's elements, the nearest; 0 beyond
};

/// Of least squared error among a few of about the block's range / 15, fitted to the codes that
/// they give; never worse than the range / 15 from the smallest element on. Of 1 to 32 numbers up
/// to 65504 in size.
SixteenSteps nearest_steps(std::span<const float> block);

}  // namespace moe
