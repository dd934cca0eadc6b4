// The timed loop under a clock of the test's own.
#include "harness/sampling.h"

#include <gtest/gtest.h>

#include <ctime>
#include <vector>

#include "harness/statistics.h"

namespace moe {
namespace {

struct Loop {
  double now = 0;
  int measured = 0;
  std::vector<double> samples;
  std::vector<std::int64_t> indices;

  StopReason run(const SamplingRule& rule, const std::function<double(int)>& seconds) {
    return sample_until(
        rule, [this] { return now; },
        [&] {
          const double s = seconds(measured++);
          now += s;
          return s;
        },
        [&](std::int64_t index, double s) {
          indices.push_back(index);
          samples.push_back(s);
        });
  }
};

TEST(sampling, steady_samples_stop_at_the_least_number_and_the_warm_up_is_not_among_them) {
  Loop loop;
  const StopReason stop = loop.run({.warmup = 3, .min_samples = 10, .below = 0.02, .timeout_s = 60},
                                   [](int i) { return i < 3 ? 5.0 : 0.1; });
  EXPECT_EQ(stop, StopReason::narrow_enough);
  EXPECT_EQ(loop.measured, 13);
  EXPECT_EQ(loop.samples, std::vector<double>(10, 0.1));
  EXPECT_EQ(loop.indices.front(), 0);
  EXPECT_EQ(loop.indices.back(), 9);
}

TEST(sampling, noise_is_sampled_until_the_interval_is_narrow) {
  Loop loop;
  const auto noisy = [](int i) { return 0.01 * (1 + 0.1 * ((i * 7919) % 101 - 50) / 50.0); };
  EXPECT_EQ(loop.run({.warmup = 0, .min_samples = 10, .below = 0.02, .timeout_s = 1e6}, noisy),
            StopReason::narrow_enough);
  EXPECT_GT(loop.samples.size(), 20U);
  const Interval interval = median_interval(loop.samples);
  EXPECT_LE(interval.high, median(loop.samples) * 1.02);
  EXPECT_GE(interval.low, median(loop.samples) * 0.98);
}

TEST(sampling, time_is_up_however_wide_the_interval) {
  Loop loop;
  const StopReason stop = loop.run({.warmup = 1, .min_samples = 10, .below = 0.001, .timeout_s = 5},
                                   [](int i) { return i % 2 == 0 ? 0.1 : 0.3; });
  EXPECT_EQ(stop, StopReason::out_of_time);
  EXPECT_GE(loop.now, 5);
  EXPECT_LT(loop.now, 6);
}

TEST(sampling, a_step_longer_than_the_time_is_still_taken_twice) {
  Loop loop;
  EXPECT_EQ(loop.run({.warmup = 1, .min_samples = 10, .below = 0.02, .timeout_s = 1},
                     [](int) { return 100.0; }),
            StopReason::out_of_time);
  EXPECT_EQ(loop.samples.size(), 2U);
}

/// Processor seconds of sampling `count` steps whose interval never gets narrow.
double cost_of(int count) {
  Loop loop;
  const std::clock_t began = std::clock();
  loop.run({.warmup = 0, .min_samples = 10, .below = 0, .timeout_s = 1e-5 * count},
           [](int i) { return i % 2 == 0 ? 0.9e-5 : 1.1e-5; });
  EXPECT_GE(loop.samples.size(), 0.99 * count);
  return static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
}

TEST(sampling, judging_many_short_steps_costs_little_more_for_each) {
  const double few_s = cost_of(2'000), many_s = cost_of(16'000);
  EXPECT_LT(many_s, 8 * 3 * few_s) << "eight times the steps: judging at each would cost 64 times";
}

}  // namespace
}  // namespace moe
