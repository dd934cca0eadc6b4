#include "models/checkpoint/rounding.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>

namespace moe {
namespace {

TEST(rounding, to_bf16_is_to_nearest_even) {
  const auto from_bf16 = [](std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
  };
  EXPECT_EQ(to_bf16(1.0F), 0x3F80);
  EXPECT_EQ(to_bf16(1.0F + 0x1p-8F), 0x3F80);             // a tie: the even one below
  EXPECT_EQ(to_bf16(1.0F + 3 * 0x1p-8F), 0x3F82);         // a tie: the even one above
  EXPECT_EQ(to_bf16(1.0F + 0x1p-8F + 0x1p-20F), 0x3F81);  // just over a tie
  EXPECT_EQ(to_bf16(-0.0F), 0x8000);
  for (std::uint32_t bits = 0; bits < 0x7F80; bits += 7) {
    const auto half = static_cast<std::uint16_t>(bits);
    EXPECT_EQ(to_bf16(from_bf16(half)), half);
  }
}

TEST(rounding, to_f16_is_to_nearest_even) {
  EXPECT_EQ(to_f16(1.0F), 0x3C00);
  EXPECT_EQ(to_f16(1.0F + 0x1p-11F), 0x3C00);
  EXPECT_EQ(to_f16(1.0F + 3 * 0x1p-11F), 0x3C02);
  EXPECT_EQ(to_f16(65504.0F), 0x7BFF);
  EXPECT_EQ(to_f16(0x1p-24F), 0x0001);  // the smallest subnormal
}

TEST(rounding, what_is_no_number_stays_so) {
  const float nan = std::bit_cast<float>(0xFFFFFFFFU),
              infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(to_bf16(nan), 0x7FC0);
  EXPECT_EQ(to_f16(nan) & 0x7E00, 0x7E00);
  EXPECT_EQ(to_bf16(infinity), 0x7F80);
  EXPECT_EQ(to_f16(-infinity), 0xFC00);
}

TEST(rounding, the_largest_number_of_a_dtype_is_the_last_one_before_infinity) {
  EXPECT_EQ(to_bf16(largest(DType::bf16)), 0x7F7F);
  EXPECT_EQ(to_f16(largest(DType::f16)), 0x7BFF);
}

}  // namespace
}  // namespace moe
