// The definition of the op, in float64: rounds of "the largest not taken yet". Slow on purpose.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "kernels/router/router.h"

namespace moe {
namespace {

using Numbers = std::vector<double>;

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

Numbers softmax(Numbers x) {
  const double largest =
      std::accumulate(x.begin(), x.end(), x.at(0), [](auto a, auto b) { return std::max(a, b); });
  for (double& each : x) each = std::exp(each - largest);
  const double sum = std::accumulate(x.begin(), x.end(), 0.0);
  for (double& each : x) each /= sum;
  return x;
}

/// What a number is ordered by.
double rank_of(double x) {
  return std::isnan(x) ? -std::numeric_limits<double>::infinity() : x;
}

/// The `count` largest of those that are allowed, the largest first; then others by id.
std::vector<std::int32_t> largest_of(const Numbers& x, const std::vector<bool>& allowed,
                                     std::int64_t count) {
  std::vector<std::int32_t> taken;
  std::vector<bool> is_taken(x.size());
  // Strictly: a tie stays with the lower id.
  const auto precedes = [&](std::size_t a, std::size_t b) {
    return allowed[a] && (!allowed[b] || rank_of(x[a]) > rank_of(x[b]));
  };
  for (std::int64_t k = 0; k < count; ++k) {
    std::size_t best = x.size();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (!is_taken[i] && (best == x.size() || precedes(i, best))) best = i;
    }
    taken.push_back(static_cast<std::int32_t>(best));
    is_taken[best] = true;
  }
  return taken;
}

/// What experts are compared by.
Numbers compared_of(const RouterShape& shape, const RouterArgs& args, const Numbers& logits) {
  if (!compares_scores(shape)) return logits;
  Numbers compared = shape.score == RouterScore::softmax ? softmax(logits) : logits;
  for (std::size_t e = 0; e < logits.size(); ++e) {
    if (shape.score == RouterScore::sigmoid) compared[e] = sigmoid(compared[e]);
    if (shape.corrected) compared[e] += args.correction_E[e];
  }
  return compared;
}

/// Of each expert whether its group is among the best.
std::vector<bool> of_best_groups(const RouterShape& shape, const Numbers& compared) {
  const std::int64_t size = shape.E / shape.groups;
  Numbers group_scores;
  for (auto first = compared.begin(); first != compared.end(); first += size) {
    Numbers ranks;
    std::transform(first, first + size, std::back_inserter(ranks), rank_of);
    std::ranges::sort(ranks, std::greater());
    group_scores.push_back(shape.group_score == RouterGroupScore::best ? ranks.at(0)
                                                                       : ranks.at(0) + ranks.at(1));
  }
  std::vector<bool> of_best(compared.size());
  const std::vector<bool> all(group_scores.size(), true);
  for (const std::int32_t group : largest_of(group_scores, all, shape.groups_kept))
    std::fill_n(of_best.begin() + group * size, size, true);
  return of_best;
}

std::vector<std::int32_t> choice(const RouterShape& shape, const RouterArgs& args,
                                 const Numbers& logits) {
  const Numbers compared = compared_of(shape, args, logits);
  std::vector<bool> allowed(logits.size(), true);
  if (shape.groups > shape.groups_kept) allowed = of_best_groups(shape, compared);
  for (std::size_t e = 0; e < allowed.size(); ++e) {
    if (shape.removes && args.removed_E[e] != 0) allowed[e] = false;
  }
  return largest_of(compared, allowed, shape.K);
}

Numbers weights(const RouterShape& shape, const Numbers& logits,
                const std::vector<std::int32_t>& experts) {
  const auto of_experts = [&](const Numbers& x) {
    Numbers chosen;
    for (const std::int32_t e : experts) chosen.push_back(x.at(static_cast<std::size_t>(e)));
    return chosen;
  };
  Numbers weights = of_experts(logits);
  if (shape.score == RouterScore::sigmoid) {
    for (double& weight : weights) weight = sigmoid(weight);
    const double sum = std::accumulate(weights.begin(), weights.end(), 1e-20);
    for (double& weight : weights) weight /= shape.renormalise ? sum : 1;
  } else if (shape.score == RouterScore::softmax && !shape.renormalise) {
    weights = of_experts(softmax(logits));
  } else {
    weights = softmax(weights);
  }
  const bool has_nan = std::ranges::any_of(logits, [](double x) { return std::isnan(x); });
  for (double& weight : weights) weight = has_nan ? std::nan("") : weight * shape.routed_scale;
  return weights;
}

void run(const RouterShape& shape, const RouterArgs& args, const RouterLaunch&) {
  for (std::int64_t t = 0; t < shape.T; ++t) {
    const Numbers logits(args.logits_TE + t * shape.E, args.logits_TE + (t + 1) * shape.E);
    const std::vector<std::int32_t> experts =
        shape.forced ? std::vector<std::int32_t>(args.forced_TK + t * shape.K,
                                                 args.forced_TK + (t + 1) * shape.K)
                     : choice(shape, args, logits);
    std::ranges::copy(experts, args.expert_TK + t * shape.K);
    std::ranges::transform(weights(shape, logits, experts), args.weight_TK + t * shape.K,
                           [](double weight) { return static_cast<float>(weight); });
  }
}

}  // namespace

extern const Router router_reference = {
    .name = "reference",
    .on_gpu = false,
    .supports = [](const RouterShape&) { return true; },
    .run = run,
};

}  // namespace moe
