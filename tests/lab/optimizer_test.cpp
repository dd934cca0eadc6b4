// AdamW against its equations, in float64.
#include "lab/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "harness/error.h"

namespace moe {
namespace {

constexpr double kRate = 0.03;

/// One number under AdamW, as the paper has it.
struct Plain {
  double value = 0, first = 0, second = 0;
  void step(double gradient, std::int64_t n, double decay, const OptimizerSettings& o) {
    first = o.beta1 * first + (1 - o.beta1) * gradient;
    second = o.beta2 * second + (1 - o.beta2) * gradient * gradient;
    const double m = first / (1 - std::pow(o.beta1, static_cast<double>(n)));
    const double v = second / (1 - std::pow(o.beta2, static_cast<double>(n)));
    value -= kRate * decay * value;
    value -= kRate * m / (std::sqrt(v) + o.epsilon);
  }
};

TorchParameter parameter_of(const Tensor& whole) {
  return {.whole = whole, .expert = std::nullopt, .begin = 0, .rows = whole.size(0)};
}

class Optimizer : public testing::Test {
 protected:
  Optimizer() {
    parameters.add("blocks.0.attention.q.weight", parameter_of(matrix));
    parameters.add("norm.weight", parameter_of(norm));
  }
  /// Leaves the gradients 3 w and -2 w.
  void differentiate() { ((matrix * matrix).sum() * 1.5 - (norm * norm).sum()).backward(); }

  Tensor matrix = at::full({1, 1}, 2.0, at::kDouble), norm = at::full({1}, -1.0, at::kDouble);
  TorchParameters parameters;
  OptimizerSettings settings = {.learning_rates = {kRate}, .weight_decay = 0.5, .clip = 1e9};
};

TEST_F(Optimizer, is_its_equations_and_spares_norms_from_weight_decay) {
  AdamW optimizer(parameters, settings);
  Plain a{.value = 2}, b{.value = -1};
  for (std::int64_t n = 1; n <= 5; ++n) {
    differentiate();
    const double norm_before = std::hypot(3 * a.value, -2 * b.value);
    EXPECT_NEAR(optimizer.step(kRate), norm_before, 1e-9);
    a.step(3 * a.value, n, settings.weight_decay, settings);
    b.step(-2 * b.value, n, 0, settings);
    EXPECT_NEAR(matrix.item<double>(), a.value, 1e-9);
    EXPECT_NEAR(norm.item<double>(), b.value, 1e-9);
    EXPECT_FALSE(matrix.grad().defined());
  }
  EXPECT_EQ(optimizer.steps(), 5);
}

TEST_F(Optimizer, clips_the_norm_over_all_parameters) {
  settings.clip = 0.5;
  AdamW optimizer(parameters, settings);
  differentiate();
  const double norm_before = optimizer.step(kRate);
  EXPECT_NEAR(norm_before, std::hypot(6.0, 2.0), 1e-12);
  EXPECT_NEAR(optimizer.first_of(matrix).item<double>(), 0.1 * 6 * 0.5 / norm_before, 1e-12);
  EXPECT_NEAR(optimizer.first_of(norm).item<double>(), 0.1 * 2 * 0.5 / norm_before, 1e-12);
}

TEST_F(Optimizer, refuses_a_missing_gradient) {
  AdamW optimizer(parameters, settings);
  EXPECT_THROW(optimizer.step(kRate), Error);
}

TEST_F(Optimizer, makes_no_step_with_a_gradient_that_is_no_number) {
  AdamW optimizer(parameters, settings);
  const double before = matrix.item<double>();
  (matrix.sum() * std::nan("") + norm.sum()).backward();
  EXPECT_TRUE(std::isnan(optimizer.step(kRate)));
  EXPECT_EQ(optimizer.steps(), 0);
  EXPECT_EQ(matrix.item<double>(), before);
}

}  // namespace
}  // namespace moe
