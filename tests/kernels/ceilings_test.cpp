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
      EXPECT_EQ(adds.how, dtype == "f32" || multiplies_bf16() ? "native" : "converted");
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

bool has_fused(const std::string& target) {
  return target.starts_with("AVX") || target == "NEON";
}

double chains_of(const std::string& target) {
  return target.starts_with("AVX3") || target == "NEON" ? 24 : 12;
}

// Sums from 0 to chains - 1, vector by vector. Where a multiply-add is one instruction n rounds add
// n x y to each, x = 1/2 and y = -1/2; elsewhere sum = sum x + y goes to x^n sum + y (1 - x^n) /
// (1 - x). All of it is exact.
TEST(ceilings, add_up_what_they_say_they_multiply) {
  for (const std::string& target : packed_targets()) {
    const UsePackedTarget use(target);
    float sink = 0.5F;
    const double chains = chains_of(target), first = chains * (chains - 1) / 2;
    const double lanes = multiply_add_f32(3, &sink) / (2 * 3 * chains);
    EXPECT_EQ(std::remainder(lanes, 1), 0) << target;
    EXPECT_EQ(sink, lanes * (has_fused(target) ? first - chains * 3 * 0.25
                                               : 0.125 * first - chains * 0.875))
        << target;
  }
}

// Pairs (x, z) times (f, 1), with x = z = 1 and 1 + u in turn from round to round, u = 2^-7: where
// the rounds are odd, f is 1 + u and x begins so. Each sum begins with the sink. A product takes 15
// bits and is exact, so are a few of them; chains and lanes are added up with a rounding each.
TEST(ceilings, of_bf16_add_up_what_they_say_they_multiply) {
  constexpr double kUlp = 0.0078125;
  const auto products = [](int rounds) {
    double sum = 0;
    for (int round = 0; round < rounds; ++round) {
      const double f = 1 + kUlp * (rounds % 2);
      sum += f * (1 + kUlp * ((rounds + round) % 2)) + 1 + kUlp * (round % 2);
    }
    return sum;
  };
  for (const std::string& target : packed_targets()) {
    const UsePackedTarget use(target);
    const double chains = chains_of(target);
    for (const int rounds : {1, 3, 4}) {
      float sink = 0.5F, of_f32 = 0.5F;
      const double operations = multiply_add_bf16(rounds, &sink);
      EXPECT_EQ(operations, multiply_add_f32(rounds, &of_f32)) << target;
      if (!has_fused(target)) {
        EXPECT_EQ(sink, of_f32) << target << " multiplies float32";
        continue;
      }
      const double lanes = operations / (2 * rounds * chains);
      const double expected = lanes * (chains / 2 * products(rounds) + chains * 0.5);
      EXPECT_NEAR(sink, expected, (chains + lanes) * 0x1p-24 * expected) << target << rounds;
    }
  }
}

}  // namespace
}  // namespace moe
