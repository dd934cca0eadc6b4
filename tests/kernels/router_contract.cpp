#include "tests/kernels/router_contract.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

namespace moe {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

using Ids = std::vector<std::int32_t>;

double rank_of(double x) {
  return std::isnan(x) ? -kInfinity : x;
}

/// All ids, those with the largest number first.
Ids by_size(std::span<const double> numbers) {
  Ids ids(numbers.size());
  std::iota(ids.begin(), ids.end(), 0);
  std::ranges::sort(ids, {}, [&](std::int32_t id) {
    return std::pair(-rank_of(numbers[static_cast<std::size_t>(id)]), id);
  });
  return ids;
}

std::vector<double> exponentials(std::span<const double> x, std::span<const double> summed) {
  double largest = -kInfinity, sum = 0;
  for (const double each : summed) largest = std::max(largest, rank_of(each));
  for (const double each : summed) sum += std::exp(each - largest);
  std::vector<double> out;
  for (const double each : x) out.push_back(std::exp(each - largest) / sum);
  return out;
}

std::vector<double> corrected(const RouterCase& some, std::span<const double> logits) {
  const RouterShape& shape = some.shape;
  std::vector<double> scores(logits.begin(), logits.end());
  const bool sums = shape.groups_kept != shape.groups && shape.group_score != RouterGroupScore{};
  if (!shape.corrected && !sums) return scores;
  if (shape.score == RouterScore::softmax) scores = exponentials(logits, logits);
  for (std::size_t e = 0; e < scores.size(); ++e) {
    if (shape.score == RouterScore::sigmoid) scores[e] = 1 / (1 + std::exp(-scores[e]));
    if (shape.corrected) scores[e] += some.correction_E[e];
  }
  return scores;
}

Ids choice(const RouterCase& some, std::span<const double> logits) {
  const RouterShape& shape = some.shape;
  const std::vector<double> numbers = corrected(some, logits);
  const std::span<const double> scores = numbers;
  const std::int64_t size = shape.E / shape.groups;
  std::vector<double> groups;
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    const auto members =
        scores.subspan(static_cast<std::size_t>(g * size), static_cast<std::size_t>(size));
    const Ids best = by_size(members);
    const auto member = [&](std::size_t i) {
      return rank_of(members[static_cast<std::size_t>(best.at(i))]);
    };
    groups.push_back(shape.group_score == RouterGroupScore::best ? member(0)
                                                                 : member(0) + member(1));
  }
  Ids kept = by_size(groups);
  kept.resize(static_cast<std::size_t>(shape.groups_kept));
  const auto is_out = [&](std::int32_t e) {
    const bool removed = shape.removes && some.removed_E[static_cast<std::size_t>(e)] != 0;
    return removed || std::ranges::count(kept, e / size) == 0;
  };
  Ids ids = by_size(scores), out;
  std::ranges::copy_if(ids, std::back_inserter(out), is_out);
  std::erase_if(ids, is_out);
  std::ranges::sort(out);
  ids.insert(ids.end(), out.begin(), out.end());
  ids.resize(static_cast<std::size_t>(shape.K));
  return ids;
}

std::vector<double> weights(const RouterShape& shape, std::span<const double> logits,
                            std::span<const std::int32_t> experts) {
  std::vector<double> chosen, out;
  for (const std::int32_t e : experts) chosen.push_back(logits[static_cast<std::size_t>(e)]);
  double sum = 1;
  if (shape.score == RouterScore::sigmoid) {
    for (const double x : chosen) out.push_back(1 / (1 + std::exp(-x)));
    if (shape.renormalise) sum = std::accumulate(out.begin(), out.end(), 0.0) + 1e-20;
  } else {
    const bool of_all = shape.score == RouterScore::softmax && !shape.renormalise;
    out = exponentials(chosen, of_all ? logits : chosen);
  }
  const bool has_nan = std::ranges::any_of(logits, [](double x) { return std::isnan(x); });
  for (double& weight : out) weight = has_nan ? kNan : weight / sum * shape.routed_scale;
  return out;
}

}  // namespace

void expect_router_contract(const RouterCase& some, const RouterCase::Result& result) {
  const RouterShape& shape = some.shape;
  const auto E = static_cast<std::size_t>(shape.E), T = static_cast<std::size_t>(shape.T);
  Ids expert_TK = some.forced_TK;
  std::vector<double> exact_TK;
  for (std::size_t t = 0; t < T; ++t) {
    const auto row = std::span(some.logits_TE).subspan(t * E, E);
    const std::vector<double> logits(row.begin(), row.end());
    if (!shape.forced) std::ranges::copy(choice(some, logits), std::back_inserter(expert_TK));
    const auto K = static_cast<std::size_t>(shape.K);
    std::ranges::copy(weights(shape, logits, std::span(expert_TK).subspan(t * K, K)),
                      std::back_inserter(exact_TK));
  }
  ASSERT_EQ(result.expert_TK, expert_TK);
  const std::vector<double> bounds = some.bounds(expert_TK);
  for (std::size_t i = 0; i < exact_TK.size(); ++i) {
    const double actual = result.weight_TK[i], exact = exact_TK[i];
    ASSERT_EQ(std::isnan(actual), std::isnan(exact)) << "weight " << i;
    if (std::isnan(exact)) continue;
    ASSERT_LE(std::abs(actual - exact), bounds[i] + 0x1p-24 * std::abs(exact)) << "weight " << i;
  }
}

}  // namespace moe
