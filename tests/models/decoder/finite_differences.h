// Gradients against finite differences, in float64.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "tests/models/decoder/device_test.h"

namespace moe {

// The error of a central difference along a unit vector is of order h^2 times a third derivative,
// and of rounding 1e-16 over h times the loss: below 1e-8 at this step for a loss of order 100.
inline constexpr double kStep = 1e-5, kBound = 1e-7;

inline Tensor pattern(at::IntArrayRef shape, double frequency) {
  std::int64_t elements = 1;
  for (const std::int64_t n : shape) elements *= n;
  return (at::arange(elements, at::kDouble) * frequency).cos().view(shape);
}

/// A scalar of a tensor in which every element has a weight of its own.
inline Tensor scalar_of(const Tensor& y) {
  return (y * pattern(y.sizes(), 0.9)).sum();
}

/// The derivative of `loss` along a few directions of each leaf, by autograd and by differences.
inline void expect_gradients(const std::function<Tensor()>& loss, std::vector<Tensor> leaves) {
  for (Tensor& leaf : leaves) {
    leaf.requires_grad_(true);
    leaf.mutable_grad() = Tensor();
  }
  loss().backward();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    SCOPED_TRACE(i);
    Tensor& leaf = leaves[i];
    ASSERT_TRUE(leaf.grad().defined());
    for (const double frequency : {0.3, 0.7, 1.1}) {
      const Tensor drawn = pattern(leaf.sizes(), frequency), along = drawn / drawn.norm();
      const auto moved = [&](double by) {
        const Tensor values = leaf.detach(), before = values.clone();
        values.add_(along, by);
        const double value = loss().item<double>();
        values.copy_(before);
        return value;
      };
      const double expected = (moved(kStep) - moved(-kStep)) / (2 * kStep);
      const double found = (leaf.grad() * along).sum().item<double>();
      EXPECT_NEAR(found, expected, kBound * std::max(1.0, std::abs(expected)));
    }
  }
}

}  // namespace moe
