// How far results are from others, in parts of what rounding explains.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kernels/packed/packed_matrix.h"

namespace moe {

/// Largest |y - expected| over its bound, `expected` being exact but for one rounding to float32;
/// infinity where that is no number, or no bound holds it within a million.
double difference_of(const std::vector<float>& y, const std::vector<float>& expected,
                     const std::vector<double>& bounds);

/// Of a product of a stored row with x, as packed_matrix.h bounds it.
struct ProductBound {
  double size;   // sum of |x w|
  double error;  // |y - exact| at most
};
ProductBound product_bound(PackedFormat, const std::byte* row, std::span<const float> x);

}  // namespace moe
