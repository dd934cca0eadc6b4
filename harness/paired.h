// Two who answered the same questions: is one better, by how much, and what could have been told
// from so many questions. All functions are pure; what needs random draws takes always the same
// ones.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/statistics.h"

namespace moe {

/// McNemar's exact test: of the questions that one alone got right, is either's share another than
/// a half? Two-sided binomial; 1 where there are none.
double mcnemar_p(std::int64_t first_only, std::int64_t second_only);

/// Holm (1979, "A simple sequentially rejective multiple test procedure"): p values of one family,
/// corrected for how many they are, in the order given.
std::vector<double> holm(std::span<const double> p);

/// Difference of two shares of the same n questions, first minus second: the percentile bootstrap's
/// interval as infinitely many draws would give it, computed from the cells of the two-by-two table
/// of right and wrong. As in paired_share_interval half a question is added to each cell, so that
/// two who agree on a few questions are not proved to be the same.
Interval paired_share_bootstrap(std::int64_t first_only, std::int64_t second_only, std::int64_t n);

inline constexpr int kBootstrapDraws = 10000;

/// Mean of `values`, one a question: percentiles of `draws` means of as many whole clusters as
/// there are, drawn with replacement; the percentiles are those that a t interval of so few would
/// need (Hesterberg 2015, "What teachers should know about the bootstrap", expanded percentiles).
/// `clusters` names each question's cluster, "" one of its own; without any each question is its
/// own. Error where there are fewer than two clusters.
Interval bootstrap_mean_interval(std::span<const double> values,
                                 std::span<const std::string> clusters = {},
                                 int draws = kBootstrapDraws);

/// Standard error of the mean of questions that share clusters (Miller 2024, "Adding error bars to
/// evals", arXiv:2411.00640): standard_error where each is its own. NaN for fewer than two
/// clusters.
double clustered_standard_error(std::span<const double> values,
                                std::span<const std::string> clusters);

/// How many clusters there are.
std::int64_t count_clusters(std::span<const std::string> clusters);

/// The smallest difference of two shares of the same n questions that McNemar's test at 5 % finds
/// with 80 % probability, where one alone is right on `discordance` of them: Connor's sample size
/// (1987, "Sample size for testing differences in proportions for the paired-sample design"),
/// n d^2 = (z_0.975 sqrt(u) + z_0.8 sqrt(u - d^2))^2 with u the discordance, solved for d. A
/// difference is no larger than the discordance: where d would be, the smallest d that is its own.
double detectable_share_difference(double discordance, std::int64_t n);

/// The same of any mean with a standard error: z_0.975 + z_0.8 of it (Miller 2024).
double detectable_difference(double standard_error);

}  // namespace moe
