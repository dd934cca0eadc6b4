// How far an implementation is from the reference on this machine.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/log_softmax_gather/log_softmax_gather.h"

namespace moe {

/// Weights, rows and targets by lot, and what an implementation makes of them.
struct LogSoftmaxGatherCase {
  LogSoftmaxGatherCase(const LogSoftmaxGatherShape&, std::int64_t R, std::uint64_t seed);

  struct Result {
    std::vector<float> log_p_N;
    std::vector<std::uint8_t> is_best_N;
  };
  Result run(const LogSoftmaxGather&, ThreadPool&) const;
  /// Of each log-probability how far the contract lets it be from the exact one.
  std::vector<double> bounds() const;

  LogSoftmaxGatherShape shape;
  std::vector<std::byte> weight_VD;
  std::vector<float> x_RD;
  std::vector<std::int64_t> row_N, id_N;
};

/// Largest difference from the reference over its bound; 1 is as far as may be. Infinity where what
/// should be a number is none, or another target is the best.
double log_softmax_gather_difference(const LogSoftmaxGather&);

}  // namespace moe
