// Estimates and their 95 % intervals. All functions are pure; those that need samples throw Error
// on none.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moe {

struct Interval {
  double low = 0, high = 0;
};

struct Estimate {
  double value = 0, low = 0, high = 0;
};

double mean(std::span<const double>);
double sample_stddev(std::span<const double>);   // divided by n - 1; NaN for n < 2
double standard_error(std::span<const double>);  // of the mean; NaN for n < 2

/// Linear interpolation between order statistics (type 7, numpy's default); q in [0, 1].
double quantile(std::vector<double> samples, double q);
double median(std::vector<double> samples);

/// Two-sided 97.5 % point of Student's t with `degrees` of freedom (>= 1).
double student_t_975(std::int64_t degrees);

/// Mean +- t * standard error; for the means of launches. n < 2: the mean itself.
Interval t_interval(std::span<const double>);

/// Distribution-free interval of the median from order statistics (binomial); with fewer than 6
/// samples, where no such interval reaches 95 %, the range of the samples.
Interval median_interval(std::vector<double> samples);

/// Wilson score interval of a proportion.
Interval wilson_interval(std::int64_t successes, std::int64_t n);

/// Estimate +- 1.96 standard errors.
Interval normal_interval(double estimate, double standard_error);

/// Interval of sum(numerators) / sum(denominators) by the delta method with t. n < 2: the ratio
/// itself.
Interval ratio_interval(std::span<const double> numerators, std::span<const double> denominators);

/// The same for positive ratios, by the delta method on the logarithm: both bounds are above 0.
Interval rate_interval(std::span<const double> numerators, std::span<const double> denominators);

/// Difference of two shares of the same n questions, first minus second, from the questions that
/// one alone got right. Half a question is added to each cell of the two-by-two table (Agresti and
/// Min 2005, "Simple improved confidence intervals for comparing matched proportions"), so that two
/// who agree on a few questions are not proved to be the same.
Interval paired_share_interval(std::int64_t first_only, std::int64_t second_only, std::int64_t n);

/// First minus second, of two independent estimates whose intervals need not be symmetric: MOVER
/// (Zou and Donner 2008, "Construction of confidence limits about effect measures").
Interval difference_interval(const Estimate& first, const Estimate& second);

/// First over second, both above 0: MOVER on logarithms. A bound at or below 0 is no bound.
Interval quotient_interval(const Estimate& first, const Estimate& second);

/// Standard error of the pooled mean of groups, as lm-evaluation-harness pools it:
/// sqrt( sum (n_i - 1) s_i^2 n_i / (sum n_i - K) / sum n_i ), with s_i the standard errors.
double pooled_standard_error(std::span<const double> standard_errors,
                             std::span<const std::int64_t> sizes);

}  // namespace moe
