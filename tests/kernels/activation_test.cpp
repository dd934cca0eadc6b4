// Activations against their definition, over all sizes of numbers.
#include "kernels/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/packed/target.h"

namespace moe {
namespace {

constexpr MlpKind kKinds[] = {
    {.activation = MlpActivation::silu},
    {.activation = MlpActivation::gelu},
    {.activation = MlpActivation::gelu_tanh},
    {.activation = MlpActivation::clamped_swiglu},
    {.activation = MlpActivation::silu, .gated = false},
    {.activation = MlpActivation::gelu, .gated = false},
    {.activation = MlpActivation::gelu_tanh, .gated = false},
};

/// Zeros, small and large ones of either sign, and a sweep of those that matter.
std::vector<float> numbers() {
  std::vector<float> all = {0.0F, -0.0F};
  for (const float size : {1e-38F, 1e-20F, 1e-6F, 0.01F, 1.0F, 6.9F, 7.1F, 20.0F, 88.0F, 89.0F,
                           103.0F, 105.0F, 1000.0F, 1e6F})
    for (const float sign : {1.0F, -1.0F}) all.push_back(sign * size);
  for (int i = -400; i <= 400; ++i) all.push_back(static_cast<float>(i) / 37);
  return all;
}

class EveryActivation : public testing::TestWithParam<std::string> {
 protected:
  UsePackedTarget target{GetParam()};
};

TEST_P(EveryActivation, is_within_its_error_of_the_definition) {
  const std::vector<float> gate = numbers();
  std::mt19937 random(5);
  for (const MlpKind& kind : kKinds) {
    for (int round = 0; round < 5; ++round) {
      std::vector<float> up = gate;
      std::shuffle(up.begin(), up.end(), random);
      std::vector<float> h(gate.size());
      activate(kind, gate.data(), up.data(), std::ssize(gate), h.data());
      for (std::size_t i = 0; i < h.size(); ++i) {
        const double exact = activated(kind, gate[i], up[i]);
        if (std::abs(exact) > 1e38) continue;  // beyond float32
        EXPECT_LE(std::abs(h[i] - exact), activation_error(kind, gate[i], up[i]))
            << static_cast<int>(kind.activation) << " gate " << gate[i] << " up " << up[i] << ": "
            << h[i] << ", exactly " << exact;
      }
    }
  }
}

TEST_P(EveryActivation, gives_an_element_the_same_bits_wherever_it_stands) {
  const std::vector<float> gate = numbers();
  std::vector<float> up(gate.rbegin(), gate.rend());
  for (const MlpKind& kind : kKinds) {
    std::vector<float> all(gate.size()), some(gate.size());
    activate(kind, gate.data(), up.data(), std::ssize(gate), all.data());
    for (std::size_t begin = 0, size = 1; begin + size <= gate.size(); begin += size, ++size)
      activate(kind, gate.data() + begin, up.data() + begin, static_cast<std::int64_t>(size),
               some.data() + begin);
    for (std::size_t i = 0; i + 40 < all.size(); ++i) EXPECT_EQ(some[i], all[i]) << i;
  }
}

TEST_P(EveryActivation, keeps_what_is_no_number) {
  const float nan = std::nanf("");
  for (const MlpKind& kind : kKinds) {
    for (const auto& [gate, up] : {std::pair{nan, 1.0F}, {1.0F, nan}}) {
      if (!kind.gated && std::isnan(gate)) continue;
      float h = 0;
      activate(kind, &gate, &up, 1, &h);
      EXPECT_TRUE(std::isnan(h)) << static_cast<int>(kind.activation);
    }
  }
}

TEST_P(EveryActivation, moves_no_more_than_is_said) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> value(-9, 9), step(-0.5, 0.5);
  for (const MlpKind& kind : kKinds) {
    for (int i = 0; i < 20000; ++i) {
      const double gate = value(random), up = value(random), dg = step(random), du = step(random);
      const double moved = activated(kind, gate + dg, up + du) - activated(kind, gate, up);
      EXPECT_LE(std::abs(moved),
                activation_change(kind, gate, up, std::abs(dg), std::abs(du)) + 1e-12)
          << static_cast<int>(kind.activation) << " " << gate << " " << up;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, EveryActivation, testing::ValuesIn(packed_targets()));

TEST(activation, known_values) {
  EXPECT_NEAR(activated({}, 1, 2), 2 / (1 + std::exp(-1.0)), 1e-15);
  EXPECT_NEAR(activated({.activation = MlpActivation::gelu}, 1, 1), 0.8413447460685429, 1e-15);
  EXPECT_NEAR(activated({.activation = MlpActivation::gelu_tanh}, 1, 1), 0.8411919906082768, 1e-12);
  const MlpKind clamped = {.activation = MlpActivation::clamped_swiglu};
  EXPECT_NEAR(activated(clamped, 100, 100), 7 / (1 + std::exp(-1.702 * 7)) * 8, 1e-12);
  EXPECT_NEAR(activated(clamped, -1, -100), -1 / (1 + std::exp(1.702)) * -6, 1e-12);
}

}  // namespace
}  // namespace moe
