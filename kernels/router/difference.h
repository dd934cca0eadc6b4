// How far an implementation is from the reference on this machine.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/thread_pool.h"
#include "kernels/cuda_module.h"
#include "kernels/router/router.h"

namespace moe {

/// Logits and all that may be said beside them by lot, and what an implementation makes of them.
struct RouterCase {
  RouterCase(const RouterShape&, std::uint64_t seed);

  struct Result {
    std::vector<float> weight_TK;
    std::vector<std::int32_t> expert_TK;
    bool operator==(const Result&) const = default;
  };
  Result run(const Router&, ThreadPool&) const;
  Result run_on_gpu(const Router&, const CudaApi&) const;
  /// Of each weight of these experts how far the contract lets it be from the exact one.
  std::vector<double> bounds(const std::vector<std::int32_t>& expert_TK) const;

  RouterShape shape;
  std::vector<float> logits_TE, correction_E;
  std::vector<std::uint8_t> removed_E;
  std::vector<std::int32_t> forced_TK;
};

/// Largest difference of a weight from the reference's over its bound, for shapes of known models;
/// 1 is as far as may be. Infinity where what should be a number is none, or another expert is
/// chosen. `cuda` is the module that an implementation on the GPU came from; null for one on the
/// CPU.
double router_difference(const Router&, const CudaApi* cuda);

}  // namespace moe
