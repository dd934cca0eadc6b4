#include "harness/paired.h"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <string_view>

#include "harness/error.h"

namespace moe {
namespace {

using boost::math::binomial;

constexpr double kZ975 = 1.959963984540054, kZ80 = 0.8416212335729143;

/// A cluster's questions.
struct Cluster {
  double sum = 0, size = 0;
};

std::vector<Cluster> clusters_of(std::span<const double> values,
                                 std::span<const std::string> names) {
  require(names.empty() || names.size() == values.size(), "{} questions in {} clusters",
          values.size(), names.size());
  std::vector<Cluster> clusters;
  std::map<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::size_t at = clusters.size();
    if (!names.empty() && !names[i].empty()) at = known.try_emplace(names[i], at).first->second;
    if (at == clusters.size()) clusters.emplace_back();
    clusters[at].sum += values[i];
    clusters[at].size += 1;
  }
  return clusters;
}

/// The coefficients 0 to n of (down + none x + up x^2)^n, but for a common factor: how probable it
/// is that of n steps the downward ones are more by n, ..., 0. All terms of the recurrence are
/// positive.
std::vector<double> weights_down_to_up(std::int64_t n, double down, double none, double up) {
  constexpr double kLarge = 1e100;
  const auto total = static_cast<double>(n);
  std::vector<double> weights = {1};
  for (std::int64_t step = 1; step <= n; ++step) {
    const auto k = static_cast<double>(step);
    double next = (total + 1 - k) * none * weights.back();
    if (k > 1) next += (2 * total + 2 - k) * up * weights.rbegin()[1];
    weights.push_back(next / (k * down));
    if (weights.back() < kLarge) continue;
    for (auto w = weights.rbegin(); w != weights.rend() && *w != 0; ++w) *w /= kLarge;
  }
  return weights;
}

/// How probable, but for a common factor, each difference from -n to n is of n questions that are
/// right for the first alone, or the second alone, with these probabilities; `first` is not the
/// smaller one.
std::vector<double> weights_of_differences(std::int64_t n, double first, double second) {
  const double both = 1 - first - second;
  std::vector<double> weights = weights_down_to_up(n, second, both, first);
  std::vector<double> above = weights_down_to_up(n, first, both, second);
  for (double& w : weights) w *= above.back() / weights.back();  // which both say of no difference
  weights.insert(weights.end(), above.rbegin() + 1, above.rend());
  return weights;
}

}  // namespace

double mcnemar_p(std::int64_t first_only, std::int64_t second_only) {
  require(first_only >= 0 && second_only >= 0, "{} and {} questions answered by one alone",
          first_only, second_only);
  const std::int64_t n = first_only + second_only;
  if (n == 0) return 1;
  const binomial fair(static_cast<double>(n), 0.5);
  return std::min(1.0, 2 * cdf(fair, static_cast<double>(std::min(first_only, second_only))));
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  std::vector<double> corrected(p.size());
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const double times = static_cast<double>(order.size() - rank);
    largest = std::max(largest, std::min(1.0, times * p[order[rank]]));
    corrected[order[rank]] = largest;
  }
  return corrected;
}

Interval paired_share_bootstrap(std::int64_t first_only, std::int64_t second_only, std::int64_t n) {
  require(n > 0 && first_only >= 0 && second_only >= 0 && first_only + second_only <= n,
          "of {} questions {} and {} answered by one alone", n, first_only, second_only);
  const double total = static_cast<double>(n) + 2;
  const double first = (static_cast<double>(first_only) + 0.5) / total;
  const double second = (static_cast<double>(second_only) + 0.5) / total;
  std::vector<double> weights =
      weights_of_differences(n, std::max(first, second), std::min(first, second));
  if (first < second) std::ranges::reverse(weights);
  std::partial_sum(weights.begin(), weights.end(), weights.begin());
  const auto percentile = [&](double q) {
    const auto found = std::ranges::lower_bound(weights, q * weights.back());
    return static_cast<double>(found - weights.begin() - n) / static_cast<double>(n);
  };
  return {percentile(0.025), percentile(0.975)};
}

Interval bootstrap_mean_interval(std::span<const double> values, std::span<const std::string> names,
                                 int draws) {
  const std::vector<Cluster> clusters = clusters_of(values, names);
  require(clusters.size() > 1, "the bootstrap of {} clusters", clusters.size());
  std::mt19937_64 random(1);  // the same draws always
  std::vector<double> means;
  means.reserve(static_cast<std::size_t>(draws));
  for (int draw = 0; draw < draws; ++draw) {
    Cluster drawn;
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      // The upper half of the bits, scaled: uniform to 2^-32.
      const Cluster& cluster = clusters[((random() >> 32U) * clusters.size()) >> 32U];
      drawn.sum += cluster.sum;
      drawn.size += cluster.size;
    }
    means.push_back(drawn.sum / drawn.size);
  }
  std::ranges::sort(means);
  const auto n = static_cast<double>(clusters.size());
  const double t = student_t_975(static_cast<std::int64_t>(clusters.size()) - 1);
  const double tail = cdf(boost::math::normal(), -std::sqrt(n / (n - 1)) * t);
  return {quantile(means, tail), quantile(means, 1 - tail)};
}

double clustered_standard_error(std::span<const double> values,
                                std::span<const std::string> names) {
  std::vector<double> deviations(values.begin(), values.end());
  const double centre = mean(values);
  double squares = 0;
  for (double& x : deviations) {
    x -= centre;
    squares += x * x;
  }
  const std::vector<Cluster> clusters = clusters_of(deviations, names);
  if (clusters.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  double together = -squares;  // the products of different questions of one cluster
  for (const Cluster& cluster : clusters) together += cluster.sum * cluster.sum;
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / (n - 1) / n + together / (n * n));
}

std::int64_t count_clusters(std::span<const std::string> names) {
  return std::ssize(clusters_of(std::vector<double>(names.size()), names));
}

double detectable_share_difference(double discordance, std::int64_t n) {
  require(n > 0 && discordance >= 0 && discordance <= 1, "a discordance of {} in {} questions",
          discordance, n);
  // Solved for d the equation is d = root sqrt(u).
  const auto total = static_cast<double>(n);
  const double inner = std::max(0.0, total - kZ975 * kZ975 + kZ80 * kZ80);
  const double root = (kZ975 * std::sqrt(total) + kZ80 * std::sqrt(inner)) / (total + kZ80 * kZ80);
  return std::min(1.0, root * std::max(root, std::sqrt(discordance)));
}

double detectable_difference(double standard_error) {
  return (kZ975 + kZ80) * standard_error;
}

}  // namespace moe
