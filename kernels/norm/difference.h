// How far an implementation is from the reference on this machine.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/norm/norm.h"

namespace moe {

/// Weights and rows by lot, and what an implementation makes of them. Each row has a size and a
/// distance from zero of its own.
struct NormCase {
  NormCase(const NormShape&, std::int64_t T, std::uint64_t seed);

  std::vector<float> run(const Norm&, ThreadPool&) const;
  /// Of each output how far one that keeps the contract may be from the reference, which rounds in
  /// float64 as well.
  std::vector<double> bounds() const;

  NormShape shape;
  std::vector<float> weight_W, x_TW;
};

/// Largest difference from the reference over its bound; 1 is as far as may be. Infinity where what
/// should be a number is none.
double norm_difference(const Norm&);

}  // namespace moe
