#include "harness/statistics.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <ranges>

#include "harness/error.h"

namespace moe {
namespace {

constexpr double kZ = 1.959963984540054;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double count_of(std::size_t n) {
  return static_cast<double>(n);
}

}  // namespace

double mean(std::span<const double> samples) {
  require(!samples.empty(), "the mean of no samples");
  return std::accumulate(samples.begin(), samples.end(), 0.0) / count_of(samples.size());
}

double sample_stddev(std::span<const double> samples) {
  if (samples.size() < 2) return kNaN;
  const double centre = mean(samples);
  double sum = 0;
  for (const double x : samples) sum += (x - centre) * (x - centre);
  return std::sqrt(sum / count_of(samples.size() - 1));
}

double standard_error(std::span<const double> samples) {
  return sample_stddev(samples) / std::sqrt(count_of(samples.size()));
}

double quantile(std::vector<double> samples, double q) {
  require(!samples.empty(), "a quantile of no samples");
  require(q >= 0 && q <= 1, "quantile {}: expected 0 to 1", q);
  std::ranges::sort(samples);
  const double at = q * count_of(samples.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, samples.size() - 1);
  return samples[below] + (at - count_of(below)) * (samples[above] - samples[below]);
}

double median(std::vector<double> samples) {
  return quantile(std::move(samples), 0.5);
}

double student_t_975(std::int64_t degrees) {
  require(degrees >= 1, "Student's t with {} degrees of freedom", degrees);
  return boost::math::quantile(boost::math::students_t(static_cast<double>(degrees)), 0.975);
}

Interval t_interval(std::span<const double> samples) {
  const double centre = mean(samples);
  if (samples.size() < 2) return {centre, centre};
  const double half =
      student_t_975(static_cast<std::int64_t>(samples.size()) - 1) * standard_error(samples);
  return {centre - half, centre + half};
}

Interval median_interval(std::vector<double> samples) {
  require(!samples.empty(), "the median of no samples");
  std::ranges::sort(samples);
  const auto n = samples.size();
  constexpr std::size_t kSmallest = 6;  // 1 - 2 * 0.5^5 is below 0.95
  if (n < kSmallest) return {samples.front(), samples.back()};
  // The largest r with P(X < r) <= 0.025: the r-th smallest and r-th largest enclose the median.
  const boost::math::binomial count(count_of(n), 0.5);
  const auto ranks = std::views::iota(std::size_t{0}, n / 2);
  const auto found = std::ranges::partition_point(
      ranks, [&](std::size_t below) { return boost::math::cdf(count, count_of(below)) <= 0.025; });
  const auto r = std::max<std::size_t>(static_cast<std::size_t>(found - ranks.begin()), 1);
  return {samples[r - 1], samples[n - r]};
}

Interval wilson_interval(std::int64_t successes, std::int64_t n) {
  require(n > 0 && successes >= 0 && successes <= n, "a proportion of {} in {}", successes, n);
  const auto total = static_cast<double>(n);
  const double p = static_cast<double>(successes) / total;
  const double scale = 1 + kZ * kZ / total;
  const double centre = (p + kZ * kZ / (2 * total)) / scale;
  const double half = kZ / scale * std::sqrt(p * (1 - p) / total + kZ * kZ / (4 * total * total));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

Interval normal_interval(double estimate, double error) {
  if (std::isnan(error)) return {estimate, estimate};
  return {estimate - kZ * error, estimate + kZ * error};
}

Interval ratio_interval(std::span<const double> numerators, std::span<const double> denominators) {
  require(numerators.size() == denominators.size() && !numerators.empty(),
          "a ratio of {} numerators and {} denominators", numerators.size(), denominators.size());
  const double below = mean(denominators);
  const double ratio = mean(numerators) / below;
  if (numerators.size() < 2) return {ratio, ratio};
  std::vector<double> residuals;
  for (std::size_t i = 0; i < numerators.size(); ++i) {
    residuals.push_back((numerators[i] - ratio * denominators[i]) / below);
  }
  const double half =
      student_t_975(static_cast<std::int64_t>(residuals.size()) - 1) * standard_error(residuals);
  return {ratio - half, ratio + half};
}

Interval rate_interval(std::span<const double> numerators, std::span<const double> denominators) {
  const double rate = mean(numerators) / mean(denominators);
  const Interval interval = ratio_interval(numerators, denominators);
  require(rate > 0, "a rate of {}", rate);
  const double half = (interval.high - rate) / rate;  // of the logarithm, by the delta method
  return {rate * std::exp(-half), rate * std::exp(half)};
}

Interval paired_share_interval(std::int64_t first_only, std::int64_t second_only, std::int64_t n) {
  require(n > 0 && first_only >= 0 && second_only >= 0 && first_only + second_only <= n,
          "of {} questions {} and {} answered by one alone", n, first_only, second_only);
  const double total = static_cast<double>(n) + 2;
  const auto more = static_cast<double>(first_only - second_only);
  const auto apart = static_cast<double>(first_only + second_only + 1);
  const double error = std::sqrt(apart - more * more / total) / total;
  const Interval interval = normal_interval(more / total, error);
  return {std::max(-1.0, interval.low), std::min(1.0, interval.high)};
}

Interval difference_interval(const Estimate& first, const Estimate& second) {
  const double difference = first.value - second.value;
  return {difference - std::hypot(first.value - first.low, second.high - second.value),
          difference + std::hypot(first.high - first.value, second.value - second.low)};
}

Interval quotient_interval(const Estimate& first, const Estimate& second) {
  require(first.value > 0 && second.value > 0, "the ratio of {} to {}", first.value, second.value);
  const auto logarithm = [](const Estimate& x) {
    return Estimate{std::log(x.value), std::log(std::max(0.0, x.low)), std::log(x.high)};
  };
  const Interval interval = difference_interval(logarithm(first), logarithm(second));
  return {std::exp(interval.low), std::exp(interval.high)};
}

double pooled_standard_error(std::span<const double> errors, std::span<const std::int64_t> sizes) {
  require(errors.size() == sizes.size() && !errors.empty(), "{} standard errors of {} groups",
          errors.size(), sizes.size());
  double sum = 0, total = 0;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const auto n = static_cast<double>(sizes[i]);
    if (n > 1) sum += (n - 1) * errors[i] * errors[i] * n;
    total += n;
  }
  const double degrees = total - count_of(errors.size());
  if (degrees <= 0) return kNaN;
  return std::sqrt(sum / degrees / total);
}

}  // namespace moe
