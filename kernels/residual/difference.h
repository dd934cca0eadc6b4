// How far an implementation is from the reference on this machine.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/residual/residual.h"

namespace moe {

/// Two streams by lot, their elements of very different sizes, and what an implementation makes of
/// them.
struct ResidualCase {
  ResidualCase(const ResidualShape&, std::int64_t T, std::uint64_t seed);

  std::vector<float> run(const Residual&, ThreadPool&) const;

  ResidualShape shape;
  std::vector<float> x_TD, added_TD;
};

/// 0 where all bits are the reference's, as the contract has it; else infinity.
double residual_difference(const Residual&);

}  // namespace moe
