// How far an implementation is from the reference on this machine.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/linear/linear.h"

namespace moe {

/// Weights and rows by lot, and what an implementation makes of them.
struct LinearCase {
  LinearCase(const LinearShape&, std::int64_t T, std::uint64_t seed);

  std::vector<float> run(const Linear&, ThreadPool&) const;
  /// Of each output how far the contract lets it be from the exact one.
  std::vector<double> bounds() const;

  LinearShape shape;
  std::vector<std::byte> weight_NK;
  std::vector<float> bias_N, x_TK;
};

/// Largest difference from the reference over its bound; 1 is as far as may be. Infinity where what
/// should be a number is none.
double linear_difference(const Linear&);

}  // namespace moe
