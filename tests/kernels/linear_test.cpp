// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it.
#include "kernels/linear/linear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "harness/error.h"
#include "kernels/linear/difference.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/element.h"
#include "kernels/packed/quantised.h"
#include "kernels/packed/target.h"
#include "tests/kernels/on_target.h"

namespace moe {
namespace {

using Tested = OnTarget<Linear>;

class EveryLinear : public testing::TestWithParam<Tested> {
 protected:
  const Linear& linear = *GetParam().implementation;
  UsePackedTarget target{GetParam().target};
  ThreadPool one{1}, two{2}, five{5};
};

TEST_P(EveryLinear, is_within_the_bound_of_its_contract) {
  for (const PackedFormat format : kPackedFormats) {
    for (const auto& [T, N, K] : {std::tuple<int, int, int>{1, 1, 1},
                                  {1, 200, 300},
                                  {2, 33, 17},
                                  {3, 64, 65},
                                  {5, 129, 31},
                                  {6, 16, 1000},
                                  {13, 130, 3},
                                  {49, 20, 64},
                                  {7, 40, 4141},
                                  {100, 70, 33}}) {
      const LinearCase some({N, K, format, (T + N) % 2 == 0}, T, static_cast<std::uint64_t>(N + K));
      ASSERT_TRUE(linear.supports(some.shape));
      EXPECT_LE(difference_of(some.run(linear, two), some.run(*linears()[0], one), some.bounds()),
                1)
          << T << " x " << N << " x " << K << " " << name_of(format);
    }
  }
}

TEST_P(EveryLinear, computes_a_row_alike_whatever_else_is_computed) {
  constexpr std::int64_t kRows = 61, kInputs = 165, kOutputs = 150;
  for (const PackedFormat format : kPackedFormats) {
    const LinearCase all({kOutputs, kInputs, format, true}, kRows, 3);
    const std::vector<float> expected = all.run(linear, one);
    EXPECT_EQ(all.run(linear, two), expected);
    EXPECT_EQ(all.run(linear, five), expected);
    for (std::int64_t begin = 0, size = 1; begin + size <= kRows; begin += size, ++size) {
      LinearCase some = all;
      some.x_TK.assign(all.x_TK.begin() + begin * kInputs,
                       all.x_TK.begin() + (begin + size) * kInputs);
      EXPECT_TRUE(std::ranges::equal(
          some.run(linear, two),
          std::span(expected).subspan(static_cast<std::size_t>(begin * kOutputs),
                                      static_cast<std::size_t>(size * kOutputs))))
          << size << " rows, " << name_of(format);
    }
  }
}

TEST_P(EveryLinear, takes_blocks_that_are_whole_and_what_is_left_of_them) {
  for (const PackedFormat format : kPackedFormats) {
    for (const std::int64_t K : {1, 2, 7, 8, 9, 31, 32, 33, 40, 63, 65, 127, 129, 161}) {
      for (const std::int64_t T : {1, 2, 5, 9, 14}) {  // each way to multiply has a turn
        const LinearCase some({70, K, format, true}, T, static_cast<std::uint64_t>(K + T));
        EXPECT_LE(difference_of(some.run(linear, two), some.run(*linears()[0], one), some.bounds()),
                  1)
            << T << " x " << K << " " << name_of(format);
      }
    }
  }
}

TEST_P(EveryLinear, knows_all_numbers_of_float16) {
  LinearCase all({65536, 1, PackedFormat::f16, false}, 1, 0);
  for (std::uint32_t bits = 0; bits < 65536; ++bits)
    std::memcpy(all.weight_NK.data() + std::size_t{2} * bits, &bits, 2);
  all.x_TK = {1};
  const std::vector<float> y_TN = all.run(linear, two);
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const double exact = element_of(PackedFormat::f16, all.weight_NK.data(), bits);
    if (std::isnan(exact)) {
      ASSERT_TRUE(std::isnan(y_TN[bits])) << bits;
    } else {
      ASSERT_EQ(y_TN[bits], exact) << bits;
    }
  }
}

TEST_P(EveryLinear, of_int4_is_the_sum_of_inputs_where_codes_are_0_and_offsets_1) {
  // Sums of small integers are exact, however long the row: blocks and parts of a row none is lost.
  constexpr std::int64_t kK = 64 * 32 * 2 + 45;
  LinearCase some({3, kK, PackedFormat::int4, false}, 60, 5);
  std::ranges::fill(some.weight_NK, std::byte{0});
  const std::uint16_t half_one = 0x3c00;  // 1 in float16
  for (std::int64_t n = 0; n < 3; ++n) {
    std::byte* row = some.weight_NK.data() + n * row_bytes(PackedFormat::int4, kK);
    for (std::int64_t block = 0; block * 32 < kK; ++block)
      std::memcpy(row + block * block_bytes(PackedFormat::int4, 32) + 2, &half_one,
                  sizeof(half_one));
  }
  for (std::size_t i = 0; i < some.x_TK.size(); ++i)
    some.x_TK[i] = static_cast<float>(i * 2654435761U % 17) - 8;
  const std::vector<float> y_TN = some.run(linear, two);
  for (std::size_t t = 0; t < 60; ++t) {
    const auto row = some.x_TK.begin() + static_cast<std::ptrdiff_t>(t) * kK;
    const float sum = std::accumulate(row, row + kK, 0.0F);
    for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(y_TN[3 * t + n], sum) << t;
  }
}

TEST_P(EveryLinear, does_nothing_for_no_rows_and_keeps_what_is_no_number) {
  LinearCase some({20, 30, PackedFormat::bf16, false}, 4, 9);
  LinearCase none = some;
  none.x_TK.clear();
  EXPECT_TRUE(none.run(linear, two).empty());
  some.x_TK[31] = std::nanf("");
  const std::vector<float> y_TN = some.run(linear, two);
  for (std::size_t i = 0; i < y_TN.size(); ++i) EXPECT_EQ(std::isnan(y_TN[i]), i / 20 == 1);
}

TEST_P(EveryLinear, is_what_check_finds_right) {
  EXPECT_LE(linear_difference(linear), 1);
}

INSTANTIATE_TEST_SUITE_P(, EveryLinear, testing::ValuesIn(on_all_targets(linears())),
                         [](const auto& tested) { return tested.param.name(); });

TEST(packed_target, is_one_that_there_is) {
  ASSERT_FALSE(packed_targets().empty());
  EXPECT_EQ(packed_target(), packed_targets().front());
  for (const std::string& name : packed_targets()) {
    const UsePackedTarget use(name);
    EXPECT_EQ(packed_target(), name);
  }
  EXPECT_THROW(UsePackedTarget("MMX"), Error);
}

}  // namespace
}  // namespace moe
