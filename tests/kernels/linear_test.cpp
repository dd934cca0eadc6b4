// Every implementation, with every set of vector instructions of this machine, on shapes chosen to
// break it.
#include "kernels/linear/linear.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "harness/error.h"
#include "kernels/linear/difference.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/element.h"
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

TEST_P(EveryLinear, of_int4_is_that_of_its_values_in_float32) {
  constexpr std::int64_t kCount = std::int64_t{90} * 75;
  for (const std::int64_t T : {1, 3, 7, 20}) {
    const LinearCase some({90, 75, PackedFormat::int4, true}, T, 5);
    LinearCase values = some;
    values.shape.format = PackedFormat::f32;
    values.weight_NK.resize(kCount * sizeof(float));
    for (std::int64_t i = 0; i < kCount; ++i) {
      const std::byte* row = some.weight_NK.data() + i / 75 * row_bytes(PackedFormat::int4, 75);
      const auto value = static_cast<float>(element_of(PackedFormat::int4, row, i % 75));
      std::memcpy(values.weight_NK.data() + 4 * i, &value, 4);
    }
    EXPECT_EQ(some.run(linear, two), values.run(linear, two)) << T;
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
