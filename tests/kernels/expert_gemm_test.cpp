// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it.
#include "kernels/expert_gemm/expert_gemm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "kernels/expert_gemm/by_expert.h"
#include "kernels/expert_gemm/difference.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/target.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

using Tested = OnTarget<ExpertGemm>;

class EveryExpertGemm : public testing::TestWithParam<Tested> {
 protected:
  const ExpertGemm& gemm = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};

  double difference(const ExpertGemmCase& some) {
    return difference_of(some.run(gemm, two), some.run(*expert_gemms()[0], one), some.bounds());
  }
};

constexpr MlpKind kKinds[] = {
    {.activation = MlpActivation::silu},
    {.activation = MlpActivation::gelu},
    {.activation = MlpActivation::gelu_tanh},
    {.activation = MlpActivation::clamped_swiglu},
    {.activation = MlpActivation::silu, .gated = false},
    {.activation = MlpActivation::gelu, .gated = false},
};

TEST_P(EveryExpertGemm, is_within_what_rounding_explains) {
  // E, K, D, F, T: one of each, odd widths, many experts, all experts, more rows than a block.
  constexpr std::int64_t kSizes[][5] = {{1, 1, 1, 1, 1},    {1, 1, 40, 24, 5},  {4, 2, 33, 17, 7},
                                        {3, 3, 16, 130, 4}, {7, 1, 129, 5, 20}, {256, 4, 9, 7, 30},
                                        {2, 2, 20, 33, 120}};
  std::size_t turn = 0;
  for (const auto& [E, K, D, F, T] : kSizes) {
    for (const PackedFormat format : kPackedFormats) {
      const ExpertGemmShape shape = {
          E, K, D, F, kKinds[turn % std::size(kKinds)], format, turn % 2 == 0, turn % 5 == 0};
      ++turn;
      ASSERT_TRUE(gemm.supports(shape));
      EXPECT_LE(difference(ExpertGemmCase(shape, T, turn)), 1)
          << "E " << E << " K " << K << " D " << D << " F " << F << " T " << T << " "
          << name_of(format);
    }
  }
}

/// The rows of a case that are named, in that order.
ExpertGemmCase rows_of(const ExpertGemmCase& all, const std::vector<std::int64_t>& rows) {
  ExpertGemmCase some = all;
  const std::int64_t D = all.shape().D, K = all.shape().K;
  some.x_TD.clear(), some.weight_TK.clear(), some.expert_TK.clear();
  for (const std::int64_t t : rows) {
    const auto take = [t](auto& to, const auto& from, std::int64_t width) {
      to.insert(to.end(), from.begin() + t * width, from.begin() + (t + 1) * width);
    };
    take(some.x_TD, all.x_TD, D);
    take(some.weight_TK, all.weight_TK, K);
    take(some.expert_TK, all.expert_TK, K);
  }
  return some;
}

TEST_P(EveryExpertGemm, computes_a_row_alike_whatever_else_is_computed) {
  constexpr std::int64_t kRows = 130, kDim = 35;
  for (const PackedFormat format : kPackedFormats) {
    const ExpertGemmShape shape = {6, 3, kDim, 50, {}, format, true, false};
    const ExpertGemmCase all(shape, kRows, 11);
    const std::vector<float> expected = all.run(gemm, one);
    EXPECT_EQ(all.run(gemm, two), expected);
    EXPECT_EQ(all.run(gemm, five), expected);
    std::vector<std::int64_t> order(kRows);
    std::iota(order.begin(), order.end(), 0);
    std::mt19937 random(1);
    std::ranges::shuffle(order, random);
    for (std::size_t begin = 0, size = 1; begin + size <= order.size(); begin += size, size *= 2) {
      const std::vector<std::int64_t> rows(
          order.begin() + static_cast<std::ptrdiff_t>(begin),
          order.begin() + static_cast<std::ptrdiff_t>(begin + size));
      const std::vector<float> y = rows_of(all, rows).run(gemm, two);
      for (std::size_t r = 0; r < rows.size(); ++r) {
        const auto row = [](const std::vector<float>& of, std::size_t t) {
          return std::span(of).subspan(t * kDim, kDim);
        };
        EXPECT_TRUE(std::ranges::equal(row(y, r), row(expected, static_cast<std::size_t>(rows[r]))))
            << "row " << rows[r] << " among " << size << ", " << name_of(format);
      }
    }
  }
}

TEST_P(EveryExpertGemm, takes_rows_that_all_choose_one_expert_and_a_row_that_chooses_it_twice) {
  ExpertGemmCase some({5, 2, 24, 40, {}, PackedFormat::bf16, false, false}, 150, 4);
  std::ranges::fill(some.expert_TK, 3);
  EXPECT_LE(difference(some), 1);
}

TEST_P(EveryExpertGemm, does_nothing_for_no_rows_and_keeps_what_is_no_number) {
  ExpertGemmCase some({4, 2, 24, 40, {}, PackedFormat::bf16, false, false}, 6, 4);
  EXPECT_TRUE(rows_of(some, {}).run(gemm, two).empty());
  some.x_TD[25] = std::nanf("");
  const std::vector<float> y_TD = some.run(gemm, two);
  for (std::size_t i = 0; i < y_TD.size(); ++i) EXPECT_EQ(std::isnan(y_TD[i]), i / 24 == 1);
}

TEST_P(EveryExpertGemm, is_what_check_finds_right) {
  EXPECT_LE(expert_gemm_difference(gemm), 1);
}

INSTANTIATE_TEST_SUITE_P(, EveryExpertGemm, testing::ValuesIn(on_all_targets(expert_gemms())),
                         [](const auto& tested) { return tested.param.name(); });

TEST(expert_gemm, bounds_are_of_use) {
  // Another weight, another expert and another input are beyond them.
  ThreadPool pool(1);
  const ExpertGemmCase some({4, 2, 48, 64, {}, PackedFormat::bf16, false, false}, 8, 4);
  const std::vector<float> exact = some.run(*expert_gemms()[0], pool);
  const std::vector<double> bounds = some.bounds();
  const auto off = [&](const ExpertGemmCase& other) {
    return difference_of(other.run(*expert_gemms()[0], pool), exact, bounds);
  };
  ExpertGemmCase weight = some, expert = some, input = some;
  weight.weight_TK[3] *= 1.001F;
  expert.expert_TK[5] = (expert.expert_TK[5] + 1) % 4;
  input.x_TD[17] *= 1.05F;
  EXPECT_GT(off(weight), 1);
  EXPECT_GT(off(expert), 1);
  EXPECT_GT(off(input), 1);
  EXPECT_EQ(off(some), 0);
}

TEST(by_expert, sorts_pairs_by_expert_and_cuts_blocks) {
  std::vector<std::int32_t> expert_N;
  for (int n = 0; n < 200; ++n) expert_N.push_back(n % 2 == 0 ? 4 : n % 3);
  std::vector<std::int64_t> memory(
      static_cast<std::size_t>(by_expert_bytes(6, 200)) / sizeof(std::int64_t) + 1);
  const ByExpert sorted = sort_by_expert(expert_N, 6, reinterpret_cast<std::byte*>(memory.data()));
  ASSERT_EQ(sorted.experts.size(), 4U);  // 0, 1, 2 and 4
  std::int64_t place = 0, blocks = 0;
  for (const ActiveExpert& active : sorted.experts) {
    EXPECT_EQ(active.first, place);
    EXPECT_EQ(active.first_block, blocks);
    EXPECT_EQ(active.blocks, (active.rows + 47) / 48);
    std::int64_t last = -1;
    for (std::int64_t i = 0; i < active.rows; ++i, ++place) {
      const std::int64_t pair = sorted.pair_N[static_cast<std::size_t>(place)];
      EXPECT_EQ(expert_N[static_cast<std::size_t>(pair)], active.expert);
      EXPECT_EQ(sorted.place_N[static_cast<std::size_t>(pair)], place);
      EXPECT_GT(pair, last);
      last = pair;
    }
    for (std::int64_t b = 0; b < active.blocks; ++b, ++blocks)
      EXPECT_EQ(expert_of_block(sorted, blocks).expert, active.expert);
  }
  EXPECT_EQ(place, 200);
  EXPECT_EQ(blocks, sorted.blocks);
}

}  // namespace
}  // namespace moe
