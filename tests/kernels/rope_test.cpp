// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it; and the angles.
#include "kernels/rope/rope.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/packed/difference.h"
#include "kernels/packed/target.h"
#include "kernels/rope/angles.h"
#include "kernels/rope/difference.h"
#include "kernels/rope/frequencies.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

using Tested = OnTarget<Rope>;

class EveryRope : public testing::TestWithParam<Tested> {
 protected:
  const Rope& rope = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};
};

TEST_P(EveryRope, is_within_the_bound_of_its_contract) {
  for (const auto& [T, shape] : {std::pair<int, RopeShape>{1, {1, 1, 0}},
                                 {1, {1, 2, 2}},
                                 {9, {3, 7, 6}},
                                 {5, {2, 64, 16}},
                                 {50, {16, 128, 128}},
                                 {200, {5, 33, 22}},
                                 {20, {1, 300, 270}}}) {
    const RopeCase some(shape, T, static_cast<std::uint64_t>(T + shape.width));
    EXPECT_LE(difference_of(some.run(rope, two), some.run(*ropes()[0], one), some.bounds()), 1)
        << T << " x " << shape.heads << " x " << shape.width << ", " << shape.dims;
  }
}

TEST_P(EveryRope, computes_a_row_alike_whatever_else_is_computed) {
  constexpr std::int64_t kRows = 300, kRow = std::int64_t{3} * 70, kAngles = 26;
  const RopeCase all({3, 70, 2 * kAngles}, kRows, 3);
  const std::vector<float> expected = all.run(rope, one);
  EXPECT_EQ(all.run(rope, two), expected);
  EXPECT_EQ(all.run(rope, five), expected);
  const auto rows = [](const std::vector<float>& of, std::int64_t width, std::int64_t begin,
                       std::int64_t end) {
    return std::vector<float>(of.begin() + begin * width, of.begin() + end * width);
  };
  for (std::int64_t begin = 0, size = 1; begin + size <= kRows; begin += size, ++size) {
    RopeCase some = all;
    some.x_THd = rows(all.x_THd, kRow, begin, begin + size);
    some.cos_Th = rows(all.cos_Th, kAngles, begin, begin + size);
    some.sin_Th = rows(all.sin_Th, kAngles, begin, begin + size);
    EXPECT_EQ(some.run(rope, two), rows(expected, kRow, begin, begin + size)) << size << " rows";
  }
}

TEST_P(EveryRope, may_write_over_its_rows) {
  RopeCase some({3, 70, 52}, 300, 4);
  const std::vector<float> expected = some.run(rope, one);
  rope.run(some.shape,
           {.T = 300,
            .x_THd = some.x_THd.data(),
            .cos_Th = some.cos_Th.data(),
            .sin_Th = some.sin_Th.data(),
            .y_THd = some.x_THd.data()},
           two);
  EXPECT_EQ(some.x_THd, expected);
}

TEST_P(EveryRope, keeps_what_lies_behind_and_turns_back) {
  const RopeCase some({2, 50, 36}, 30, 6);
  RopeCase turned = some;
  turned.x_THd = some.run(rope, two);
  for (std::size_t i = 0; i < some.x_THd.size(); ++i) {
    if (i % 50 >= 36) {
      EXPECT_EQ(turned.x_THd[i], some.x_THd[i]);
    }
  }
  for (float& sin : turned.sin_Th) sin = -sin;
  const std::vector<float> back = turned.run(rope, two);
  for (std::size_t i = 0; i < back.size(); ++i) EXPECT_NEAR(back[i], some.x_THd[i], 4e-6);
}

TEST_P(EveryRope, does_nothing_for_no_rows_and_keeps_what_is_no_number) {
  RopeCase some({1, 50, 40}, 4, 9);
  RopeCase none = some;
  none.x_THd.clear(), none.cos_Th.clear(), none.sin_Th.clear();
  EXPECT_TRUE(none.run(rope, two).empty());
  for (const std::size_t pair : std::vector<std::size_t>{3, 19}) {  // in whole vectors, behind
    RopeCase broken = some;
    broken.x_THd[50 + pair] = std::nanf("");
    const std::vector<float> y_THd = broken.run(rope, two);
    for (std::size_t i = 0; i < y_THd.size(); ++i)
      EXPECT_EQ(std::isnan(y_THd[i]), i == 50 + pair || i == 70 + pair);
  }
}

/// Of a query at one position and a key at another.
double score(const Rope& rope, ThreadPool& pool, std::int64_t query, std::int64_t key) {
  RopeCase some({1, 64, 64}, 2, 8);
  const std::int64_t position_T[] = {query, key};
  const RopeSpec spec{.theta = 10000, .dims = 64};
  rope_angles(rope_frequencies(spec, rope_powers(spec)), 1, position_T, some.cos_Th.data(),
              some.sin_Th.data(), pool);
  const std::vector<float> y_THd = some.run(rope, pool);
  return std::inner_product(y_THd.begin(), y_THd.begin() + 64, y_THd.begin() + 64, 0.0);
}

TEST_P(EveryRope, lets_scores_depend_on_the_distance_alone) {
  for (const std::int64_t distance : {0, 1, 17, 300}) {
    const double expected = score(rope, one, distance, 0);
    for (const std::int64_t key : {1, 40, 500})
      EXPECT_NEAR(score(rope, one, key + distance, key), expected, 1e-3) << distance;
  }
  EXPECT_GT(std::abs(score(rope, one, 17, 0) - score(rope, one, 0, 17)), 0.1);
}

TEST_P(EveryRope, is_what_check_finds_right) {
  EXPECT_LE(rope_difference(rope), 1);
}

INSTANTIATE_TEST_SUITE_P(, EveryRope, testing::ValuesIn(on_all_targets(ropes())),
                         [](const auto& tested) { return tested.param.name(); });

TEST(rope, has_the_same_bits_with_all_vector_instructions) {
  ThreadPool pool(1);
  for (const Rope* rope : ropes()) {
    const RopeCase some({3, 70, 52}, 300, 5);
    const std::vector<float> expected = some.run(*rope, pool);
    for (const std::string& target : packed_targets()) {
      const UsePackedTarget use(target);
      EXPECT_EQ(some.run(*rope, pool), expected) << rope->name << " " << target;
    }
  }
}

TEST(rope_angles, are_as_exact_as_float32_angles_can_be) {
  ThreadPool pool(2);
  const std::vector<std::int64_t> position_T = {0, 1, 2, 1000, 4095, 131071, 20000001};
  for (const double theta : {10000.0, 1e6}) {
    for (const std::int64_t dims : {2, 22, 128}) {
      const auto h = static_cast<std::size_t>(dims / 2);
      std::vector<float> cos(position_T.size() * h), sin(cos);
      const RopeSpec spec{.theta = theta, .dims = dims};
      rope_angles(rope_frequencies(spec, rope_powers(spec)), 1, position_T, cos.data(), sin.data(),
                  pool);
      for (std::size_t at = 0; at < cos.size(); ++at) {
        const auto i = static_cast<double>(at % h);
        const auto position = static_cast<double>(position_T[at / h]);
        const double exponent = 2 * i / static_cast<double>(dims);
        const double angle = position / std::pow(theta, exponent);
        // Rounded are the exponent, which moves the power by log(theta) times as much, the power,
        // its reciprocal, the position and their product; then the result.
        const double bound = 0x1p-24 * (1 + 1e-6) * (1 + angle * (exponent * std::log(theta) + 4));
        EXPECT_NEAR(cos[at], std::cos(angle), bound) << position << " " << i << " of " << dims;
        EXPECT_NEAR(sin[at], std::sin(angle), bound) << position << " " << i << " of " << dims;
      }
      EXPECT_TRUE(
          std::ranges::all_of(cos.begin(), cos.begin() + dims / 2, [](float c) { return c == 1; }));
      EXPECT_TRUE(
          std::ranges::all_of(sin.begin(), sin.begin() + dims / 2, [](float s) { return s == 0; }));
    }
  }
}

TEST(rope_angles, round_as_transformers_does) {
  // torch 2.11 on a CPU: angle = 1.0 / (10000 ** (torch.arange(0, 8, 2) / 8)) * 100003.0, a
  // float32; then angle.cos() * factor and angle.sin() * factor. Its cosine may be off by a unit in
  // the last place, and so may the product.
  struct Case {
    float factor, cos[4], sin[4];
  };
  const Case cases[] = {
      {1.0F,
       {0.9843148589134216F, -0.8194255232810974F, 0.5373501181602478F, 0.8638371229171753F},
       {-0.17642085254192352F, -0.5731856822967529F, 0.8433592319488525F, -0.5037712454795837F}},
      {1.3465736F,
       {1.325452446937561F, -1.1034168004989624F, 0.7235814929008484F, 1.1632202863693237F},
       {-0.23756365478038788F, -0.7718366980552673F, 1.1356452703475952F, -0.6783650517463684F}}};
  ThreadPool pool(1);
  const RopeSpec spec{.theta = 10000, .dims = 8};
  const std::int64_t position_T[] = {100003};
  for (const Case& c : cases) {
    float cos[4], sin[4];
    rope_angles(rope_frequencies(spec, rope_powers(spec)), c.factor, position_T, cos, sin, pool);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_NEAR(cos[i], c.cos[i], 2 * 0x1p-23 * std::abs(c.cos[i])) << i;
      EXPECT_NEAR(sin[i], c.sin[i], 2 * 0x1p-23 * std::abs(c.sin[i])) << i;
    }
  }
}

TEST(rope_angles, are_the_same_bits_on_any_number_of_threads_and_in_any_company) {
  constexpr std::int64_t kRows = 700, kPairs = 48;
  std::vector<float> frequency_h;
  for (int i = 0; i < kPairs; ++i)
    frequency_h.push_back(1 / std::pow(10000.0F, static_cast<float>(i) / kPairs));
  std::vector<std::int64_t> position_T(kRows);
  std::iota(position_T.begin(), position_T.end(), 5);
  const auto angles = [&](std::span<const std::int64_t> some_T, ThreadPool& pool) {
    std::vector<float> both(2 * some_T.size() * kPairs);
    rope_angles(frequency_h, 1.1, some_T, both.data(), both.data() + both.size() / 2, pool);
    return both;
  };
  ThreadPool one(1), two(2), five(5);
  const std::vector<float> expected = angles(position_T, one);
  EXPECT_EQ(angles(position_T, two), expected);
  EXPECT_EQ(angles(position_T, five), expected);
  for (std::size_t t = 0; t < kRows; t += 37) {
    const std::vector<float> row = angles(std::span(position_T).subspan(t, 1), two);
    for (std::size_t i = 0; i < kPairs; ++i) {
      EXPECT_EQ(row[i], expected[t * kPairs + i]);
      EXPECT_EQ(row[kPairs + i], expected[(kRows + t) * kPairs + i]);
    }
  }
}

}  // namespace
}  // namespace moe
