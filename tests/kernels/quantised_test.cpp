// What quantise() keeps of a row, in each format.
#include "kernels/packed/quantised.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "harness/error.h"
#include "kernels/packed/element.h"
#include "kernels/packed/half.h"
#include "kernels/packed/random_elements.h"
#include "kernels/packed/target.h"

namespace moe {
namespace {

constexpr PackedFormat kQuantised[] = {PackedFormat::int8, PackedFormat::int4, PackedFormat::mxfp4};
constexpr std::int64_t kLengths[] = {1, 2, 31, 32, 33, 64, 95, 300};
constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<std::byte> quantised(PackedFormat format, const std::vector<float>& row) {
  std::vector<std::byte> stored(static_cast<std::size_t>(row_bytes(format, std::ssize(row))),
                                std::byte{0xee});
  quantise(format, row, stored.data());
  return stored;
}

/// The values of a stored row; float32 holds those of every format.
std::vector<float> values_of(PackedFormat format, const std::vector<std::byte>& stored,
                             std::int64_t K) {
  std::vector<float> values;
  for (std::int64_t k = 0; k < K; ++k)
    values.push_back(static_cast<float>(element_of(format, stored.data(), k)));
  return values;
}

std::vector<float> kept(PackedFormat format, const std::vector<float>& row) {
  return values_of(format, quantised(format, row), std::ssize(row));
}

/// Calls check(block, kept block) for the blocks of rows by lot: normal numbers about `middle` of
/// sizes from 2^-20 to 2^12.
template <typename Check>
void for_each_block(PackedFormat format, float middle, Check&& check) {
  std::mt19937 random(3);
  for (int exponent = -20; exponent <= 12; ++exponent) {
    for (const std::int64_t K : kLengths) {
      std::vector<float> row = random_floats(K, random);
      for (float& w : row) w = std::ldexp(w + middle, exponent);
      const std::vector<float> now = kept(format, row);
      for (std::size_t k = 0; k < row.size(); k += kQuantisedBlock) {
        const std::size_t n = std::min<std::size_t>(kQuantisedBlock, row.size() - k);
        check(std::span(row).subspan(k, n), std::span(now).subspan(k, n));
      }
    }
  }
}

float largest_size(std::span<const float> block) {
  float largest = 0;
  for (const float w : block) largest = std::max(largest, std::abs(w));
  return largest;
}

double squared_error(std::span<const float> block, std::span<const float> now) {
  double sum = 0;
  for (std::size_t k = 0; k < block.size(); ++k)
    sum += std::pow(double{now[k]} - double{block[k]}, 2);
  return sum;
}

TEST(half, is_the_nearest_float16) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const double exact =
        element_of(PackedFormat::f16, reinterpret_cast<const std::byte*>(&half), 0);
    const float value = float_of_half(half);
    if (std::isnan(exact)) {
      ASSERT_TRUE(std::isnan(value)) << bits;
      continue;
    }
    ASSERT_EQ(std::bit_cast<std::uint64_t>(exact), std::bit_cast<std::uint64_t>(double{value}));
    ASSERT_EQ(half_of(value), half);
    if ((half & 0x7fffU) >= 0x7bffU) continue;
    // Between this and the next: the nearer one, and the even one halfway.
    const float next = float_of_half(static_cast<std::uint16_t>(half + 1));
    const float halfway = (value + next) / 2;
    ASSERT_EQ(half_of(halfway), half % 2 == 0 ? half : half + 1) << bits;
    ASSERT_EQ(half_of(std::nextafter(halfway, value)), half) << bits;
    ASSERT_EQ(half_of(std::nextafter(halfway, next)), half + 1) << bits;
  }
  EXPECT_EQ(half_of(65519.996F), 0x7bff);  // the largest
  EXPECT_EQ(half_of(65520), 0x7c00);       // halfway to 2^16: infinity
  EXPECT_EQ(half_of(-1e30F), 0xfc00);
}

TEST(quantised, rows_take_what_their_blocks_take) {
  const std::int64_t expected[][4] = {{3, 33, 34, 37}, {5, 20, 20, 25}, {2, 17, 17, 19}};
  constexpr std::int64_t kSizes[] = {1, 31, 32, 33};
  for (std::size_t f = 0; f < std::size(kQuantised); ++f) {
    for (std::size_t i = 0; i < std::size(kSizes); ++i) {
      EXPECT_EQ(row_bytes(kQuantised[f], kSizes[i]), expected[f][i]);
      EXPECT_EQ(bytes_of(kQuantised[f], 7, kSizes[i]), 7 * expected[f][i]);
    }
  }
  EXPECT_EQ(bytes_of(PackedFormat::f32, 3, 33), 396);
  EXPECT_EQ(bytes_of(PackedFormat::bf16, 3, 33), 198);
}

TEST(quantise, to_int8_is_off_by_half_a_scale_at_most) {
  // The scale is largest / 127 rounded up to float16: by 2^-10 of it at most, or to the smallest
  // float16, 2^-24. A quotient of up to 127 is rounded by 2^-18, so a code is off by 1/2 + 2^-18.
  for (const float middle : {0.0F, 3.0F}) {
    for_each_block(PackedFormat::int8, middle, [](auto block, auto now) {
      const double exact = double{largest_size(block)} / 127;
      const double scale = exact + std::max(exact * 0x1p-10, 0x1p-24);
      for (std::size_t k = 0; k < block.size(); ++k)
        ASSERT_LE(std::abs(double{now[k]} - block[k]), scale * (0.5 + 0x1p-18)) << block[k];
    });
  }
}

TEST(quantise, keeps_rows_that_came_from_int8) {
  std::mt19937 random(5);
  for (const std::int64_t K : kLengths) {
    std::vector<std::byte> stored = random_rows(PackedFormat::int8, 1, K, random);
    for (std::int64_t block = 0; block < K; block += kQuantisedBlock) {
      const std::int64_t at = block / kQuantisedBlock * block_bytes(PackedFormat::int8, 32);
      stored[static_cast<std::size_t>(at + 2)] =
          block % 64 == 0 ? std::byte{127} : std::byte{129};  // +-127
    }
    EXPECT_EQ(quantised(PackedFormat::int8, values_of(PackedFormat::int8, stored, K)), stored);
  }
}

/// The squared error of a block with these scale and offset, to the nearest code.
double error_of(std::span<const float> block, float scale, float offset) {
  std::vector<float> now;
  for (const float w : block) {
    const float code = scale > 0 ? std::clamp(std::round((w - offset) / scale), 0.0F, 15.0F) : 0;
    now.push_back(static_cast<float>(double{scale} * code + offset));
  }
  return squared_error(block, now);
}

TEST(quantise, to_int4_is_no_worse_than_from_the_smallest_to_the_largest) {
  // Both errors are summed in float32 where they are compared: 32 squares, each of a difference
  // that is rounded twice, are off by (4 + 31) 2^-24 in all.
  double error = 0, plain_error = 0;
  for (const float middle : {0.0F, 5.0F}) {
    for_each_block(PackedFormat::int4, middle, [&](auto block, auto now) {
      const auto [low, high] = std::ranges::minmax(block);
      const auto rounded = [](float value) { return float_of_half(half_of(value)); };
      const double plain = error_of(block, rounded((high - low) / 15), rounded(low));
      const double own = squared_error(block, now);
      ASSERT_LE(own, plain * (1 + 0x1p-17)) << low << " to " << high;
      if (block.size() == kQuantisedBlock && high - low > 1) error += own, plain_error += plain;
    });
  }
  EXPECT_LT(error, plain_error);
}

/// The squared error of eight blocks with scales and offsets as Q4_K has them: of 6 bits, in steps
/// of a 63rd of the largest one.
double error_as_q4_k(std::span<const float> row, const std::vector<std::byte>& stored) {
  std::vector<float> scales, offsets;
  for (std::int64_t block = 0; block < 8; ++block) {
    const std::byte* at = stored.data() + block * block_bytes(PackedFormat::int4, 32);
    scales.push_back(float_of_half(element_at<std::uint16_t>(at, 0)));
    offsets.push_back(-float_of_half(element_at<std::uint16_t>(at, 1)));
  }
  const auto rounded = [](float value, const std::vector<float>& all) {
    const float step = float_of_half(half_of(*std::ranges::max_element(all) / 63));
    return step * std::round(value / step);
  };
  double error = 0;
  for (std::size_t block = 0; block < 8; ++block)
    error += error_of(row.subspan(block * 32, 32), rounded(scales[block], scales),
                      -rounded(offsets[block], offsets));
  return error;
}

TEST(quantise, to_int4_is_better_than_with_scales_of_6_bits) {
  std::mt19937 random(8);
  for (int i = 0; i < 20; ++i) {
    const std::vector<float> row = random_floats(256, random);
    const std::vector<std::byte> stored = quantised(PackedFormat::int4, row);
    EXPECT_LT(squared_error(row, values_of(PackedFormat::int4, stored, 256)),
              error_as_q4_k(row, stored));
  }
}

TEST(quantise, to_int4_keeps_sixteen_steps_of_a_float16) {
  std::vector<float> row;
  for (int code = 0; code < 16; ++code) row.push_back(-0.25F + 0.125F * static_cast<float>(code));
  EXPECT_EQ(kept(PackedFormat::int4, row), row);
  const std::vector<float> alike(33, -1.5F);
  EXPECT_EQ(kept(PackedFormat::int4, alike), alike);
}

TEST(quantise, to_mxfp4_takes_the_nearest_value_of_the_largest_s_scale) {
  constexpr double kValues[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for_each_block(PackedFormat::mxfp4, 0, [&](auto block, auto now) {
    const double scale = std::exp2(std::floor(std::log2(double{largest_size(block)})) - 2);
    for (std::size_t k = 0; k < block.size(); ++k) {
      double nearest = std::numeric_limits<double>::infinity();
      for (const double value : kValues)
        nearest = std::min(nearest, std::abs(std::abs(double{block[k]}) - value * scale));
      ASSERT_EQ(std::abs(double{now[k]} - block[k]), nearest) << block[k];
      ASSERT_EQ(std::signbit(now[k]), std::signbit(block[k]));
    }
  });
  // Halfway it is the even code, and beyond 6 it is 6; the largest makes the scale 1.
  EXPECT_EQ(kept(PackedFormat::mxfp4, {7.5F, 0.25F, 0.75F, 1.25F, -1.75F, 2.5F, 3.5F, 5, -7}),
            (std::vector<float>{6, 0, 1, 1, -2, 2, 4, 4, -6}));
}

TEST(quantise, keeps_rows_that_came_from_mxfp4) {
  std::mt19937 random(6);
  for (const std::int64_t K : kLengths) {
    std::vector<std::byte> stored = random_rows(PackedFormat::mxfp4, 1, K, random);
    for (const int e : {0, 1, 2, 5, 100, 127, 250, 252}) {
      stored[0] = static_cast<std::byte>(e);
      const std::vector<float> row = values_of(PackedFormat::mxfp4, stored, K);
      const std::vector<float> now = kept(PackedFormat::mxfp4, row);
      for (std::size_t k = 0; k < row.size(); ++k)
        ASSERT_EQ(std::bit_cast<std::uint32_t>(now[k]), std::bit_cast<std::uint32_t>(row[k]));
    }
  }
}

TEST(quantise, keeps_zeros_and_leaves_nothing_in_the_last_byte) {
  for (const PackedFormat format : kQuantised) {
    EXPECT_EQ(kept(format, std::vector<float>(40, 0.0F)), std::vector<float>(40, 0.0F));
    std::vector<float> row(40, -0.0F);
    row[39] = 7.5F;
    const std::vector<float> now = kept(format, row);
    for (std::size_t k = 0; k < 39; ++k) {
      EXPECT_EQ(now[k], 0);
      EXPECT_EQ(std::signbit(now[k]), format == PackedFormat::mxfp4);
    }
    if (format == PackedFormat::int8) continue;
    const std::vector<std::byte> odd = quantised(format, std::vector<float>(33, -3.0F));
    EXPECT_EQ(odd.back() & std::byte{0xf0}, std::byte{0});
  }
}

TEST(quantise, takes_tiny_and_huge_numbers) {
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  for (const PackedFormat format : kQuantised) {
    // No float16 scale is below 2^-24. Of mxfp4 a largest size just below 8 scales becomes 6, and
    // no scale is below 2^-127.
    for (const float w : {kTiny, -kTiny, 0x1p-127F, 1e-30F, -1e-12F, 0x1p-30F, 1e-7F}) {
      const std::vector<float> now = kept(format, {w, 0, w / 3});
      const double off =
          format == PackedFormat::mxfp4 ? std::max(std::abs(w) / 4, 0x1p-129F) : 0x1p-24;
      EXPECT_LE(std::abs(double{now[0]} - w), off) << w;
    }
  }
  const float int8_most = 127 * kLargestHalf;
  EXPECT_EQ(kept(PackedFormat::int8, {int8_most, -int8_most}),
            (std::vector<float>{int8_most, -int8_most}));
  const std::vector<float> int4 = kept(PackedFormat::int4, {kLargestHalf, -kLargestHalf});
  EXPECT_NEAR(int4[0], kLargestHalf, kLargestHalf * 0x1p-10);
  EXPECT_NEAR(int4[1], -kLargestHalf, kLargestHalf * 0x1p-10);
  constexpr float kMost = std::numeric_limits<float>::max();
  EXPECT_EQ(kept(PackedFormat::mxfp4, {kMost, 0x1p127F}),
            (std::vector<float>{0x1.8p127F, 0x1p127F}));
}

/// Rows of whole blocks and a part of one: normal numbers of all sizes about different middles,
/// zeros of both signs, equals, the largest and the smallest sizes, and few different numbers.
std::vector<std::vector<float>> rows_of_many_kinds(float most) {
  std::mt19937 random(11);
  std::vector<std::vector<float>> rows;
  for (const float middle : {0.0F, 3.0F, -3.0F, 1000.0F}) {
    for (int exponent = -40; exponent <= 4; ++exponent) {
      std::vector<float> row = random_floats(18 * kQuantisedBlock + 5, random);
      for (float& w : row) w = std::clamp(std::ldexp(w + middle, exponent), -most, most);
      rows.push_back(row);
    }
  }
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  const float values[] = {0.0F, -0.0F, kTiny, -kTiny, 0x1p-25F, -0x1p-24F, 1, -1, most, -most};
  for (std::size_t few = 1; few <= std::size(values); ++few) {
    for (int i = 0; i < 20; ++i) {
      std::vector<float> row(70 * kQuantisedBlock);
      for (float& w : row) w = values[random() % few];
      rows.push_back(row);
    }
  }
  for (int i = 0; i < 100; ++i) {  // close together, far from zero
    std::vector<float> row = random_floats(16 * kQuantisedBlock, random);
    for (float& w : row)
      w = std::clamp((i % 2 == 0 ? -most : most) + std::ldexp(w, i / 2 - 30), -most, most);
    rows.push_back(row);
  }
  return rows;
}

TEST(quantise, gives_the_bits_of_its_definition_with_all_instructions) {
  for (const PackedFormat format : kQuantised) {
    const float most = format == PackedFormat::int8 ? 127 * kLargestHalf : kLargestHalf;
    for (const std::vector<float>& row : rows_of_many_kinds(most)) {
      std::vector<std::byte> plain(static_cast<std::size_t>(row_bytes(format, std::ssize(row))),
                                   std::byte{0xee});
      quantise_plainly(format, row, plain.data());
      for (const std::string& target : packed_targets()) {
        const UsePackedTarget use(target);
        ASSERT_EQ(quantised(format, row), plain) << name_of(format) << " with " << target;
      }
    }
  }
}

TEST(quantise, refuses_what_no_scale_is_there_for) {
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  for (const PackedFormat format : kQuantised) {
    for (const float w : {kNone, kInfinity, -kInfinity})
      EXPECT_THROW(quantised(format, {1, 2, w, 3}), Error) << name_of(format);
  }
  const float beyond = std::nextafter(127 * kLargestHalf, kInfinity);
  EXPECT_THROW(quantised(PackedFormat::int8, {beyond}), Error);
  EXPECT_THROW(quantised(PackedFormat::int4, {std::nextafter(-kLargestHalf, -kInfinity)}), Error);
  try {
    quantised(PackedFormat::int4, {1, 2, 7e4F});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "int4: expected numbers of a size up to 65504, found 70000 at 2");
  }
  std::byte out{};
  EXPECT_THROW(quantise(PackedFormat::bf16, std::vector<float>{1}, &out), Error);
}

}  // namespace
}  // namespace moe
