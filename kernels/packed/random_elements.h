// Weights by lot, for checks and benchmarks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/packed/packed_matrix.h"

namespace moe {

/// Elements of the format between 2^-8 and 1 in size, of either sign; every bit of a fraction is
/// used.
std::vector<std::byte> random_elements(PackedFormat, std::int64_t count, std::mt19937& random);

/// Normal numbers.
std::vector<float> random_floats(std::int64_t count, std::mt19937& random);

}  // namespace moe
