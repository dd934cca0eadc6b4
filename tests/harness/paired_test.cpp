// Tests and intervals of two who answered the same questions, against their definitions and against
// how often they are right.
#include "harness/paired.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "harness/error.h"

namespace moe {
namespace {

/// By hand: 2 (C(9,0) + C(9,1)) / 2^9 and the like; 20 of 28 is R's binom.test(20, 28).
TEST(paired, mcnemars_p_is_twice_the_tail_of_a_fair_coin) {
  EXPECT_DOUBLE_EQ(mcnemar_p(1, 8), 20.0 / 512);
  EXPECT_DOUBLE_EQ(mcnemar_p(0, 5), 2.0 / 32);
  EXPECT_NEAR(mcnemar_p(20, 8), 0.03569813, 1e-8);
  EXPECT_EQ(mcnemar_p(20, 8), mcnemar_p(8, 20));
  EXPECT_EQ(mcnemar_p(3, 3), 1);
  EXPECT_EQ(mcnemar_p(0, 0), 1);
  EXPECT_THROW(mcnemar_p(-1, 2), Error);
}

/// Holm's rule as he states it: the smallest p is held against a / m, the next against a / (m - 1),
/// ..., until one is not below. A corrected p is the smallest level at which its own is rejected.
bool rejected(const std::vector<double>& p, std::size_t which, double level) {
  std::vector<double> sorted = p;
  std::ranges::sort(sorted);
  for (std::size_t rank = 0; rank < sorted.size(); ++rank) {
    if (sorted[rank] > level / static_cast<double>(sorted.size() - rank)) return false;
    if (sorted[rank] == p[which]) return true;
  }
  return false;
}

TEST(paired, holms_correction_is_his_rule_and_keeps_the_order) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    std::vector<double> p(1 + random() % 6);
    for (double& x : p) x = std::pow(std::uniform_real_distribution<double>()(random), 3);
    const std::vector<double> corrected = holm(p);
    for (std::size_t i = 0; i < p.size(); ++i) {
      EXPECT_GE(corrected[i], p[i]);
      EXPECT_LE(corrected[i], 1);
      for (std::size_t j = 0; j < p.size(); ++j)
        EXPECT_EQ(p[i] < p[j], p[i] < p[j] && corrected[i] <= corrected[j]);
      for (const double level : {0.001, 0.01, 0.05, 0.2, 0.7})
        EXPECT_EQ(corrected[i] <= level, rejected(p, i, level)) << p[i] << " at " << level;
    }
  }
  EXPECT_TRUE(holm({}).empty());
}

/// All ways that n questions fall into the cells, with their probabilities.
double brute_percentile(std::int64_t first, std::int64_t second, std::int64_t n, double q) {
  const double total = static_cast<double>(n) + 2;
  const double b = (static_cast<double>(first) + 0.5) / total;
  const double c = (static_cast<double>(second) + 0.5) / total;
  std::vector<double> of_difference(static_cast<std::size_t>(2 * n + 1), 0.0);
  for (std::int64_t i = 0; i <= n; ++i) {
    for (std::int64_t j = 0; i + j <= n; ++j) {
      const auto x = static_cast<double>(i), y = static_cast<double>(j);
      const double rest = static_cast<double>(n) - x - y;
      const double ways = std::exp(std::lgamma(static_cast<double>(n) + 1) - std::lgamma(x + 1) -
                                   std::lgamma(y + 1) - std::lgamma(rest + 1));
      of_difference[static_cast<std::size_t>(i - j + n)] +=
          ways * std::pow(b, x) * std::pow(c, y) * std::pow(1 - b - c, rest);
    }
  }
  double up_to = 0;
  for (std::int64_t d = -n; d < n; ++d) {
    up_to += of_difference[static_cast<std::size_t>(d + n)];
    if (up_to >= q) return static_cast<double>(d) / static_cast<double>(n);
  }
  return 1;
}

TEST(paired, the_bootstrap_of_shares_is_that_of_every_possible_draw) {
  for (const std::int64_t n : {1, 2, 7, 30}) {
    for (std::int64_t first = 0; first <= n; first += 1 + n / 5) {
      for (std::int64_t second = 0; first + second <= n; second += 1 + n / 4) {
        const Interval interval = paired_share_bootstrap(first, second, n);
        EXPECT_EQ(interval.low, brute_percentile(first, second, n, 0.025))
            << first << " " << second;
        EXPECT_EQ(interval.high, brute_percentile(first, second, n, 0.975))
            << first << " " << second;
      }
    }
  }
  EXPECT_THROW(paired_share_bootstrap(2, 1, 2), Error);
}

TEST(paired, the_bootstrap_of_shares_proves_little_by_two_questions_and_much_by_many) {
  EXPECT_LE(paired_share_bootstrap(0, 0, 2).low, -0.5);
  EXPECT_LT(paired_share_bootstrap(2, 0, 2).low, 0.5);
  EXPECT_LT(paired_share_bootstrap(0, 0, 14042).high, 0.001);
  // Many questions: the normal interval, of which a percentile is off by no more than a question
  // and the skew, which is of the order of 1 / n too.
  const Interval many = paired_share_bootstrap(1500, 1200, 14042);
  const Interval normal = paired_share_interval(1500, 1200, 14042);
  EXPECT_NEAR(many.low, normal.low, 2.0 / 14042);
  EXPECT_NEAR(many.high, normal.high, 2.0 / 14042);
}

/// How many of so many seeded intervals hold the truth.
template <typename Draw>
double coverage(double truth, int rounds, Draw draw) {
  std::mt19937 random(7);
  int held = 0;
  for (int round = 0; round < rounds; ++round) {
    const Interval interval = draw(random);
    held += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  return static_cast<double>(held) / rounds;
}

/// For many intervals: their ends are a little less even, which widens as often as it narrows.
constexpr int kFewDraws = 400;

/// 2,000 rounds have a standard error of 0.5 %, 200 rounds of 1.6 %: three of them either way.
TEST(paired, bootstrap_intervals_hold_the_truth_as_often_as_they_say) {
  EXPECT_NEAR(coverage(0.08, 2000,
                       [](auto& random) {
                         std::int64_t first = 0, second = 0;
                         for (int i = 0; i < 150; ++i) {
                           const auto u = std::uniform_real_distribution<double>()(random);
                           first += u < 0.2 ? 1 : 0;
                           second += u > 0.88 ? 1 : 0;
                         }
                         return paired_share_bootstrap(first, second, 150);
                       }),
              0.95, 0.015);
  EXPECT_NEAR(coverage(1, 200,
                       [](auto& random) {
                         std::vector<double> x(20);
                         for (double& v : x) v = std::exponential_distribution<double>()(random);
                         return bootstrap_mean_interval(x, {}, kFewDraws);
                       }),
              0.94, 0.05)
      << "an exponential's skew costs a percentage point or two";
}

/// Questions of a passage that are right or wrong together: 40 passages of 5.
TEST(paired, clusters_widen_the_interval_to_what_it_should_be) {
  double without = 0, with = 0;
  const double held = coverage(0, 150, [&](auto& random) {
    std::vector<double> x;
    std::vector<std::string> cluster;
    for (int c = 0; c < 40; ++c) {
      const double shared = std::normal_distribution<double>()(random);
      for (int i = 0; i < 5; ++i) {
        x.push_back(shared + 0.3 * std::normal_distribution<double>()(random));
        cluster.push_back(std::to_string(c));
      }
    }
    const Interval alone = t_interval(x);
    without += alone.low <= 0 && 0 <= alone.high ? 1.0 / 150 : 0;
    with += clustered_standard_error(x, cluster) / standard_error(x) / 150;
    return bootstrap_mean_interval(x, cluster, kFewDraws);
  });
  EXPECT_NEAR(held, 0.95, 0.053) << "three standard errors of 150 rounds";
  EXPECT_LT(without, 0.75) << "which is why";
  // Variance of a mean of 5 that share 1 of 1.09: (1 + 4 / 1.09) times that of 5 independent ones.
  EXPECT_NEAR(with, std::sqrt(1 + 4 / 1.09), 0.1);
}

TEST(paired, a_clustered_standard_error_has_its_limits) {
  const std::vector<double> x = {1, 0, 0, 1, 1, 0, 1, 1};
  EXPECT_DOUBLE_EQ(clustered_standard_error(x, std::vector<std::string>(8, "")), standard_error(x));
  EXPECT_DOUBLE_EQ(clustered_standard_error(x, {}), standard_error(x));
  EXPECT_TRUE(std::isnan(clustered_standard_error(x, std::vector<std::string>(8, "one"))));
  // By hand: mean 5/8, sum of squares 15/8; the two halves deviate by -1/2 and +1/2.
  const std::vector<std::string> halves = {"a", "a", "a", "a", "b", "b", "b", "b"};
  EXPECT_NEAR(clustered_standard_error(x, halves),
              std::sqrt(15.0 / 8 / 56 + (2 * 0.25 - 15.0 / 8) / 64), 1e-12);
  EXPECT_EQ(count_clusters(halves), 2);
  EXPECT_THROW(clustered_standard_error(x, std::vector<std::string>(3)), Error);
  EXPECT_THROW(bootstrap_mean_interval(x, std::vector<std::string>(8, "one")), Error);
}

/// Questions of which the first alone is right on (u + d) / 2 and the second on (u - d) / 2. The
/// formula is of the test by the normal distribution; the exact one, whose p is never smaller,
/// finds less, but by this many questions not 6 % less. 2,000 rounds have a standard error of 0.9
/// %.
TEST(paired, the_detectable_difference_is_found_four_times_in_five) {
  constexpr std::int64_t kQuestions = 800;
  constexpr double kApart = 0.2;
  const double d = detectable_share_difference(kApart, kQuestions);
  std::mt19937 random(11);
  constexpr int kRounds = 2000;
  double normal = 0, exact = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto apart = std::binomial_distribution<std::int64_t>(kQuestions, kApart)(random);
    const auto first =
        std::binomial_distribution<std::int64_t>(apart, (kApart + d) / 2 / kApart)(random);
    const auto more = static_cast<double>(2 * first - apart);
    normal += std::abs(more) > 1.959964 * std::sqrt(static_cast<double>(apart)) ? 1 : 0;
    exact += mcnemar_p(first, apart - first) <= 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(normal / kRounds, 0.8, 0.03);
  EXPECT_GE(exact / kRounds, 0.74);
  EXPECT_LE(exact, normal);
}

TEST(paired, a_detectable_difference_solves_its_equation) {
  for (const std::int64_t n : {20, 500, 14042}) {
    for (const double u : {0.0, 0.001, 0.3, 1.0}) {
      const double d = detectable_share_difference(u, n), apart = std::max(u, d);
      ASSERT_LT(d, 1);
      EXPECT_LE(d, apart) << "no larger than the discordance";
      const double total = static_cast<double>(n);
      EXPECT_NEAR(std::sqrt(total) * d,
                  1.959964 * std::sqrt(apart) + 0.841621 * std::sqrt(apart - d * d), 1e-4);
    }
  }
  EXPECT_EQ(detectable_share_difference(0, 1), 1) << "one question tells nothing";
  EXPECT_NEAR(detectable_difference(0.01), 0.028, 1e-4);
}

}  // namespace
}  // namespace moe
