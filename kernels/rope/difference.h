// How far an implementation is from the reference on this machine.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/rope/rope.h"

namespace moe {

/// Rows by lot at positions by lot, and what an implementation makes of them.
struct RopeCase {
  RopeCase(const RopeShape&, std::int64_t T, std::uint64_t seed);

  std::vector<float> run(const Rope&, ThreadPool&) const;
  /// Of each output how far the contract lets it be from the exact one.
  std::vector<double> bounds() const;

  RopeShape shape;
  std::vector<float> x_THd, cos_Th, sin_Th;
};

/// Largest difference from the reference over its bound; 1 is as far as may be. Infinity where what
/// should be a number is none.
double rope_difference(const Rope&);

}  // namespace moe
