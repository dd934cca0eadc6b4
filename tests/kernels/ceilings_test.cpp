// What a machine can do at most: work that is really done, by all threads.
#include "kernels/ceilings/ceilings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/error.h"
#include "kernels/ceilings/loops.h"
#include "kernels/packed/target.h"

namespace moe {
namespace {

void expect_interval(const Estimate& rate) {
  EXPECT_GT(rate.low, 0);
  EXPECT_LE(rate.low, rate.value);
  EXPECT_LE(rate.value, rate.high);
}

TEST(ceilings, of_reading_and_of_arithmetic_are_intervals_above_nothing) {
  for (const std::int64_t threads : {1, 2}) {
    ThreadPool pool(threads);
    const Ceiling read = measure_read(pool, 8 << 20, 7);
    expect_interval(read.rate);
    EXPECT_EQ(read.what, kReadCeiling);
    EXPECT_EQ(read.threads, threads);
    for (const std::string_view dtype : {"f32", "bf16"}) {
      const Ceiling adds = measure_multiply_add(pool, dtype, 3);
      expect_interval(adds.rate);
      EXPECT_EQ(adds.what, kMultiplyAddCeiling);
      EXPECT_EQ(adds.dtype, dtype);
    }
  }
}

TEST(ceilings, refuse_what_they_cannot_measure) {
  ThreadPool pool(2);
  EXPECT_THROW(measure_read(pool, 1000, 3), Error);
  EXPECT_THROW(measure_read(pool, 8 << 20, 0), Error);
  EXPECT_THROW(measure_multiply_add(pool, "f64", 3), Error);
}

TEST(ceilings, are_measured_with_few_threads_each_and_with_all) {
  EXPECT_EQ(ceiling_threads(1), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(ceiling_threads(3), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(ceiling_threads(40), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 40}));
}

// Any byte that changes changes what was read, wherever it lies.
TEST(ceilings, read_every_byte) {
  std::mt19937 random(3);
  std::vector<std::byte> bytes(5000);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  for (const std::string& target : packed_targets()) {
    const UsePackedTarget use(target);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{255}, std::size_t{256}, std::size_t{4099}}) {
      const std::span all(bytes.data(), size);
      const std::uint64_t before = read_all(all);
      for (std::size_t at = 0; at < size; at += 1 + size / 97) {
        bytes[at] ^= std::byte{1};
        EXPECT_NE(read_all(all), before) << target << ", byte " << at << " of " << size;
        bytes[at] ^= std::byte{1};
      }
    }
  }
}

// sum = sum x - x from sums of 0 to 11, vector by vector: after n rounds each has gone to
// x^n sum - x (1 - x^n) / (1 - x), and all of them are added up.
TEST(ceilings, add_up_what_they_say_they_multiply) {
  for (const std::string& target : packed_targets()) {
    const UsePackedTarget use(target);
    float sink = 0.5F;
    const double lanes = multiply_add_f32(3, &sink) / (2 * 3 * 12);
    const double expected = lanes * (0.125 * 66 - 12 * 0.5 * 0.875 / 0.5);
    EXPECT_NEAR(sink, expected, 1e-5 * std::abs(expected)) << target;
  }
}

}  // namespace
}  // namespace moe
