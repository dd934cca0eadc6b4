// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it.
#include "kernels/norm/norm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/norm/difference.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/random_elements.h"
#include "kernels/packed/target.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

using Tested = OnTarget<Norm>;

constexpr NormKernelKind kKinds[] = {NormKernelKind::rms, NormKernelKind::layer};

class EveryNorm : public testing::TestWithParam<Tested> {
 protected:
  const Norm& norm = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};
};

TEST_P(EveryNorm, is_within_the_bound_of_its_contract) {
  for (const NormKernelKind kind : kKinds) {
    for (const auto& [T, W] : {std::pair<int, int>{1, 1},
                               {40, 2},
                               {3, 7},
                               {2, 15},
                               {5, 16},
                               {4, 17},
                               {300, 64},
                               {9, 100},
                               {7, 131},
                               {30, 2048},
                               {2, 16384}}) {
      const NormCase some({W, kind, T % 2 == 0 ? 1e-5 : 1e-6, W % 3 != 0}, T,
                          static_cast<std::uint64_t>(T + W));
      EXPECT_LE(difference_of(some.run(norm, two), some.run(*norms()[0], one), some.bounds()), 1)
          << T << " x " << W << (kind == NormKernelKind::rms ? " rms" : " layer");
    }
  }
}

TEST_P(EveryNorm, computes_a_row_alike_whatever_else_is_computed) {
  constexpr std::int64_t kRows = 100, kWidth = 1003;
  for (const NormKernelKind kind : kKinds) {
    const NormCase all({kWidth, kind, 1e-6, true}, kRows, 3);
    const std::vector<float> expected = all.run(norm, one);
    EXPECT_EQ(all.run(norm, two), expected);
    EXPECT_EQ(all.run(norm, five), expected);
    for (std::int64_t begin = 0, size = 1; begin + size <= kRows; begin += size, ++size) {
      NormCase some = all;
      some.x_TW.assign(all.x_TW.begin() + begin * kWidth,
                       all.x_TW.begin() + (begin + size) * kWidth);
      EXPECT_TRUE(
          std::ranges::equal(some.run(norm, two),
                             std::span(expected).subspan(static_cast<std::size_t>(begin * kWidth),
                                                         static_cast<std::size_t>(size * kWidth))))
          << size << " rows";
    }
  }
}

TEST_P(EveryNorm, may_write_over_its_rows) {
  for (const NormKernelKind kind : kKinds) {
    NormCase some({77, kind, 1e-6, true}, 500, 4);
    const std::vector<float> expected = some.run(norm, one);
    norm.run(some.shape,
             {.T = 500,
              .x_TW = some.x_TW.data(),
              .weight_W = some.weight_W.data(),
              .y_TW = some.x_TW.data()},
             two);
    EXPECT_EQ(some.x_TW, expected);
  }
}

TEST_P(EveryNorm, is_alike_for_numbers_of_any_size) {
  std::mt19937 random(8);
  for (const NormKernelKind kind : kKinds) {
    NormCase some({45, kind, 0, true}, 1, 8);
    some.x_TW = random_floats(45, random);
    const std::vector<float> expected = some.run(norm, one);
    // Their squares are beyond float32. By powers of two, so that nothing else is rounded.
    for (const float size : {0x1p-90F, 0x1p90F}) {
      NormCase scaled = some;
      for (float& x : scaled.x_TW) x *= size;
      EXPECT_EQ(scaled.run(norm, one), expected) << size;
    }
  }
}

TEST_P(EveryNorm, gives_rows_that_are_one_in_their_mean_square) {
  for (const NormKernelKind kind : kKinds) {
    const NormCase some({999, kind, 0, false}, 20, 6);
    const std::vector<float> y_TW = some.run(norm, two);
    for (std::size_t t = 0; t < 20; ++t) {
      double sum = 0, square = 0;
      for (const float y : std::span(y_TW).subspan(t * 999, 999)) {
        sum += y;
        square += double{y} * y;
      }
      EXPECT_NEAR(square / 999, 1, 1e-6);
      if (kind == NormKernelKind::layer) {
        EXPECT_NEAR(sum / 999, 0, 1e-6);
      }
    }
  }
}

TEST_P(EveryNorm, does_nothing_for_no_rows_and_keeps_what_is_no_number) {
  for (const NormKernelKind kind : kKinds) {
    NormCase some({20, kind, 1e-6, true}, 4, 9);
    NormCase none = some;
    none.x_TW.clear();
    EXPECT_TRUE(none.run(norm, two).empty());
    for (const std::size_t at : std::vector<std::size_t>{21, 39}) {  // in whole vectors, behind
      NormCase broken = some;
      broken.x_TW[at] = std::nanf("");
      const std::vector<float> y_TW = broken.run(norm, two);
      for (std::size_t i = 0; i < y_TW.size(); ++i) EXPECT_EQ(std::isnan(y_TW[i]), i / 20 == 1);
    }
  }
}

TEST_P(EveryNorm, is_what_check_finds_right) {
  EXPECT_LE(norm_difference(norm), 1);
}

INSTANTIATE_TEST_SUITE_P(, EveryNorm, testing::ValuesIn(on_all_targets(norms())),
                         [](const auto& tested) { return tested.param.name(); });

TEST(norm, has_the_same_bits_with_all_vector_instructions) {
  ThreadPool pool(1);
  for (const Norm* norm : norms()) {
    for (const NormKernelKind kind : kKinds) {
      const NormCase some({203, kind, 1e-6, true}, 300, 5);
      const std::vector<float> expected = some.run(*norm, pool);
      for (const std::string& target : packed_targets()) {
        const UsePackedTarget use(target);
        EXPECT_EQ(some.run(*norm, pool), expected) << norm->name << " " << target;
      }
    }
  }
}

}  // namespace
}  // namespace moe
