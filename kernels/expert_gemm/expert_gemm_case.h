// Experts, rows and choices by lot, what an implementation makes of them, and how far that may be
// from the exact result.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/expert_gemm/expert_gemm.h"

namespace moe {

class ExpertGemmCase {
 public:
  ExpertGemmCase(const ExpertGemmShape&, std::int64_t T, std::uint64_t seed);

  const ExpertGemmShape& shape() const { return shape_; }

  /// The inputs, to be changed: T rows of D, K choices of each and their weights.
  std::vector<float> x_TD, weight_TK;
  std::vector<std::int32_t> expert_TK;

  /// y_TD.
  std::vector<float> run(const ExpertGemm&, ThreadPool&) const;

  /// Of each output how far an implementation of the contract may be from its exact value: the
  /// roundings of every product and sum in float32, carried through the activation by its steepest
  /// slope.
  std::vector<double> bounds() const;

 private:
  struct Expert {
    std::vector<std::byte> gate, up, down;
    std::vector<float> gate_bias, up_bias, down_bias;
  };
  struct Value {
    double exact, error;
  };
  std::vector<Value> project(const std::vector<std::byte>& weight, const std::vector<float>& bias,
                             const std::vector<Value>& x) const;
  std::vector<Value> output(const Expert&, const std::vector<Value>& x) const;
  std::vector<Value> input(std::int64_t t, double weight) const;

  ExpertGemmShape shape_;
  std::vector<Expert> experts_;
};

}  // namespace moe
