// How far results are from others, in parts of what rounding explains.
#pragma once

#include <vector>

namespace moe {

/// Largest |y - expected| over its bound, `expected` being exact but for one rounding to float32;
/// infinity where that is no number, or no bound holds it within a million.
double difference_of(const std::vector<float>& y, const std::vector<float>& expected,
                     const std::vector<double>& bounds);

}  // namespace moe
