// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it.
#include "kernels/residual/residual.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/packed/target.h"
#include "kernels/residual/difference.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

using Tested = OnTarget<Residual>;

class EveryResidual : public testing::TestWithParam<Tested> {
 protected:
  const Residual& residual = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};
};

TEST_P(EveryResidual, has_the_bits_of_the_reference_on_any_number_of_threads) {
  for (const auto& [T, width] : {std::pair<int, int>{1, 1},
                                 {1, 7},
                                 {3, 15},
                                 {2, 16},
                                 {5, 17},
                                 {300, 64},
                                 {9, 131},
                                 {1, 100003},
                                 {40, 2048}}) {
    const ResidualCase some({width}, T, static_cast<std::uint64_t>(T + width));
    const std::vector<float> expected = some.run(*residuals()[0], one);
    EXPECT_EQ(some.run(residual, one), expected) << T << " x " << width;
    EXPECT_EQ(some.run(residual, two), expected) << T << " x " << width;
    EXPECT_EQ(some.run(residual, five), expected) << T << " x " << width;
  }
}

TEST_P(EveryResidual, rounds_once_to_the_nearest_and_keeps_the_smallest) {
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  ResidualCase some({5}, 4, 2);
  for (std::size_t t = 0; t < 4; ++t) {
    const float x[] = {1, 1, 0x1.000002p0F, kTiny, -0.0F},
                added[] = {0x1p-24F, 0x1.8p-24F, 0x1p-24F, kTiny, -0.0F};
    std::copy_n(x, 5, some.x_TD.begin() + static_cast<std::ptrdiff_t>(5 * t));
    std::copy_n(added, 5, some.added_TD.begin() + static_cast<std::ptrdiff_t>(5 * t));
  }
  const std::vector<float> y_TD = some.run(residual, two);
  // In the middle between two it is the even one.
  const float expected[] = {1, 0x1.000002p0F, 0x1.000004p0F, 2 * kTiny, -0.0F};
  for (std::size_t i = 0; i < y_TD.size(); ++i) {
    EXPECT_EQ(y_TD[i], expected[i % 5]);
    EXPECT_EQ(std::signbit(y_TD[i]), i % 5 == 4);
  }
}

TEST_P(EveryResidual, may_write_over_either_stream) {
  const ResidualCase some({77}, 500, 4);
  const std::vector<float> expected = some.run(residual, one);
  for (const bool over_x : {true, false}) {
    ResidualCase own = some;
    std::vector<float>& y_TD = over_x ? own.x_TD : own.added_TD;
    residual.run(
        own.shape,
        {.T = 500, .x_TD = own.x_TD.data(), .added_TD = own.added_TD.data(), .y_TD = y_TD.data()},
        two);
    EXPECT_EQ(y_TD, expected);
  }
}

TEST_P(EveryResidual, does_nothing_for_no_rows_and_keeps_what_is_no_number) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const ResidualCase some({20}, 4, 9);
  EXPECT_TRUE(ResidualCase({20}, 0, 9).run(residual, two).empty());
  for (const std::size_t at : std::vector<std::size_t>{21, 79}) {  // in whole vectors, behind
    for (const auto& [x, added] :
         {std::pair<float, float>{std::nanf(""), 1}, {1, std::nanf("")}, {kInfinity, -kInfinity}}) {
      ResidualCase broken = some;
      broken.x_TD[at] = x;
      broken.added_TD[at] = added;
      const std::vector<float> y_TD = broken.run(residual, two);
      for (std::size_t i = 0; i < y_TD.size(); ++i) EXPECT_EQ(std::isnan(y_TD[i]), i == at);
    }
  }
}

TEST_P(EveryResidual, is_what_check_finds_right) {
  EXPECT_EQ(residual_difference(residual), 0);
}

INSTANTIATE_TEST_SUITE_P(, EveryResidual, testing::ValuesIn(on_all_targets(residuals())),
                         [](const auto& tested) { return tested.param.name(); });

TEST(residual, that_is_one_bit_off_is_found_wrong) {
  constexpr Residual kOff = {
      .name = "off", .by_target = false, .run = [](const auto& shape, const auto& args, auto&) {
        for (std::int64_t i = 0; i < args.T * shape.width; ++i)
          args.y_TD[i] = std::nextafter(args.x_TD[i] + args.added_TD[i], 0.0F);
      }};
  EXPECT_GT(residual_difference(kOff), 1);
}

}  // namespace
}  // namespace moe
