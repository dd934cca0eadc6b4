// Weights by lot, for checks and benchmarks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/packed/packed_matrix.h"

namespace moe {

/// N stored rows of K elements: between 2^-8 and 1 in size, of either sign, where every bit of a
/// fraction is used. Quantised: every code, with scales of which the largest elements are about as
/// large, and offsets between 2^-8 and 1 in size.
std::vector<std::byte> random_rows(PackedFormat, std::int64_t N, std::int64_t K,
                                   std::mt19937& random);

/// Normal numbers.
std::vector<float> random_floats(std::int64_t count, std::mt19937& random);

}  // namespace moe
