// Estimates against values known from elsewhere, and intervals against the coverage they claim.
#include "harness/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "harness/error.h"

namespace moe {
namespace {

const std::vector<double> kOneToFive = {1, 2, 3, 4, 5};

TEST(statistics, known_values) {
  EXPECT_DOUBLE_EQ(mean(kOneToFive), 3);
  EXPECT_DOUBLE_EQ(sample_stddev(kOneToFive), std::sqrt(2.5));
  EXPECT_DOUBLE_EQ(standard_error(kOneToFive), std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(median({5, 1, 3, 2}), 2.5);
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3, 4}, 0.9), 3.7) << "as numpy.quantile";
  EXPECT_NEAR(student_t_975(1), 12.7062, 1e-4);
  EXPECT_NEAR(student_t_975(30), 2.0423, 1e-4);
  const Interval wilson = wilson_interval(8, 10);
  EXPECT_NEAR(wilson.low, 0.4901, 1e-4);
  EXPECT_NEAR(wilson.high, 0.9433, 1e-4);
  EXPECT_DOUBLE_EQ(normal_interval(1, 0.5).high, 1 + 0.5 * 1.959963984540054);
}

TEST(statistics, few_samples_have_no_spread_to_speak_of) {
  const std::vector<double> one = {7};
  EXPECT_TRUE(std::isnan(sample_stddev(one)));
  EXPECT_TRUE(std::isnan(standard_error(one)));
  EXPECT_EQ(t_interval(one).low, 7);
  EXPECT_EQ(median_interval(one).high, 7);
  EXPECT_EQ(ratio_interval(one, one).low, 1);
  EXPECT_EQ(normal_interval(3, std::nan("")).low, 3);
  EXPECT_EQ(median_interval({3, 1, 2}).low, 1) << "the range, below six samples";
  EXPECT_EQ(median_interval({3, 1, 2}).high, 3);
}

TEST(statistics, of_nothing_or_nonsense_is_an_error) {
  EXPECT_THROW(mean({}), Error);
  EXPECT_THROW(median({}), Error);
  EXPECT_THROW(median_interval({}), Error);
  EXPECT_THROW(quantile({1}, 1.5), Error);
  EXPECT_THROW(student_t_975(0), Error);
  EXPECT_THROW(wilson_interval(1, 0), Error);
  EXPECT_THROW(wilson_interval(3, 2), Error);
  EXPECT_THROW(ratio_interval(kOneToFive, {}), Error);
}

TEST(statistics, a_proportion_of_none_or_all_is_not_certain) {
  EXPECT_EQ(wilson_interval(0, 20).low, 0);
  EXPECT_GT(wilson_interval(0, 20).high, 0.1);
  EXPECT_EQ(wilson_interval(20, 20).high, 1);
  EXPECT_LT(wilson_interval(20, 20).low, 0.9);
}

TEST(statistics, agreement_on_few_questions_proves_little) {
  const Interval two = paired_share_interval(0, 0, 2), many = paired_share_interval(0, 0, 2000);
  EXPECT_LT(two.low, -0.4);
  EXPECT_GT(two.high, 0.4);
  EXPECT_LT(many.high, 0.002);
  EXPECT_LT(paired_share_interval(2, 0, 2).low, 0) << "two questions do not tell them apart";
  // Agresti and Min's formula by hand: b* = 20.5, c* = 8.5, n* = 102.
  const double error = std::sqrt(29.0 - 12.0 * 12.0 / 102.0) / 102.0;
  const Interval hundred = paired_share_interval(20, 8, 100);
  EXPECT_NEAR(hundred.low, 12.0 / 102.0 - 1.959964 * error, 1e-6);
  EXPECT_NEAR(hundred.high, 12.0 / 102.0 + 1.959964 * error, 1e-6);
  EXPECT_THROW(paired_share_interval(2, 1, 2), Error);
}

TEST(statistics, a_difference_keeps_the_skew_of_its_parts) {
  const Interval difference = difference_interval({5, 2, 9}, {3, 0, 7});
  EXPECT_DOUBLE_EQ(difference.low, 2 - 5);
  EXPECT_DOUBLE_EQ(difference.high, 2 + 5);
  const Interval ratio = quotient_interval({8, 4, 8}, {2, 2, 2});
  EXPECT_NEAR(ratio.low, 2, 1e-12);
  EXPECT_NEAR(ratio.high, 4, 1e-12);
  EXPECT_EQ(quotient_interval({1, -1, 3}, {1, 1, 1}).low, 0) << "a bound below 0 is none";
  EXPECT_THROW(quotient_interval({0, 0, 0}, {1, 1, 1}), Error);
}

/// How many of 2,000 seeded intervals hold the truth.
template <typename Draw>
double coverage(double truth, Draw draw) {
  std::mt19937 random(5);
  int held = 0;
  constexpr int kRounds = 2000;
  for (int round = 0; round < kRounds; ++round) {
    const Interval interval = draw(random);
    held += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  return static_cast<double>(held) / kRounds;
}

TEST(statistics, intervals_hold_the_truth_as_often_as_they_say) {
  std::lognormal_distribution<double> skewed(0, 1);  // median 1
  EXPECT_NEAR(coverage(1,
                       [&](auto& random) {
                         std::vector<double> x(31);
                         for (double& v : x) v = skewed(random);
                         return median_interval(x);
                       }),
              0.96, 0.02)
      << "at least 95 %, however skewed";
  std::normal_distribution<double> normal(10, 3);
  EXPECT_NEAR(coverage(10,
                       [&](auto& random) {
                         std::vector<double> x(5);
                         for (double& v : x) v = normal(random);
                         return t_interval(x);
                       }),
              0.95, 0.015);
  EXPECT_NEAR(coverage(0.3,
                       [&](auto& random) {
                         return wilson_interval(std::binomial_distribution<int>(60, 0.3)(random),
                                                60);
                       }),
              0.95, 0.02);
  EXPECT_NEAR(coverage(2,
                       [&](auto& random) {
                         std::vector<double> above(40), below(40);
                         for (std::size_t i = 0; i < above.size(); ++i) {
                           below[i] = std::uniform_real_distribution<double>(1, 2)(random);
                           above[i] = 2 * below[i] + normal(random) - 10;
                         }
                         return ratio_interval(above, below);
                       }),
              0.95, 0.02);
  std::exponential_distribution<double> seconds(1);
  EXPECT_NEAR(coverage(3,
                       [&](auto& random) {
                         std::vector<double> tokens(40, 3), time(40);
                         for (double& s : time) s = seconds(random);
                         return rate_interval(tokens, time);
                       }),
              0.95, 0.02);
}

TEST(statistics, a_rate_is_above_nothing_however_little_is_known_of_it) {
  const std::vector<double> tokens = {16, 16, 16}, seconds = {0.001, 0.001, 1.0};
  const Interval interval = rate_interval(tokens, seconds);
  EXPECT_GT(interval.low, 0);
  EXPECT_LT(interval.low, 48 / 1.002);
  EXPECT_GT(interval.high, 48 / 1.002);
  EXPECT_LT(ratio_interval(tokens, seconds).low, 0) << "which is why";
  EXPECT_THROW(rate_interval(std::vector<double>(3, 0), seconds), Error);
}

TEST(statistics, pooling_one_group_changes_nothing_and_equal_groups_shrink) {
  const std::vector<double> one = {0.1}, four(4, 0.1);
  const std::vector<std::int64_t> size = {50}, sizes(4, 50);
  EXPECT_NEAR(pooled_standard_error(one, size), 0.1, 1e-12);
  EXPECT_NEAR(pooled_standard_error(four, sizes), 0.05, 1e-12);
}

}  // namespace
}  // namespace moe
