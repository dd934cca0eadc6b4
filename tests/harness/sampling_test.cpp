// The timed loop under a clock of the test's own.
#include "harness/sampling.h"

#include <gtest/gtest.h>

#include <vector>

#include "harness/clock.h"
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

TEST(sampling, a_hundred_thousand_short_steps_cost_little) {
  Loop loop;
  const double began = steady_seconds();
  loop.run({.warmup = 0, .min_samples = 10, .below = 0, .timeout_s = 1},
           [](int i) { return i % 2 == 0 ? 0.9e-5 : 1.1e-5; });
  EXPECT_GE(loop.samples.size(), 99'000U);
  EXPECT_LT(steady_seconds() - began, 20) << "judging at each sample would take minutes";
}

}  // namespace
}  // namespace moe
