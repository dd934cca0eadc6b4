// CPU: goes through a token's experts once and keeps the best so far in order; tasks of some
// tokens.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "harness/thread_pool.h"
#include "kernels/packed/tiling.h"
#include "kernels/router/router.h"

namespace moe {
namespace {

constexpr std::int64_t kMaxExperts = 1024;  // whose numbers fit on the stack
using Numbers = std::array<double, kMaxExperts>;
using Ids = std::array<std::int32_t, kMaxExperts>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The largest of the numbers that were offered, the largest first; of equals, the first offered.
class Best {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
  explicit Best(std::span<std::int32_t> ids) : ids_(ids) {
    std::fill_n(numbers_.begin(), ids.size(), kNobody);
  }

  void offer(std::int32_t id, double number) {
    std::size_t place = ids_.size() - 1;
    if (numbers_[place] >= number) return;
    for (; place > 0 && !(numbers_[place - 1] >= number); --place) {
      numbers_[place] = numbers_[place - 1];
      ids_[place] = ids_[place - 1];
    }
    numbers_[place] = number;
    ids_[place] = id;
  }

  /// Others by id, where fewer were offered than are wanted.
  void fill() {
    std::size_t kept = ids_.size();
    while (kept > 0 && std::isnan(numbers_[kept - 1])) --kept;
    for (std::int32_t id = 0; kept < ids_.size(); ++id) {
      const std::span before = ids_.first(kept);
      if (std::ranges::find(before, id) == before.end()) ids_[kept++] = id;
    }
  }

 private:
  /// In places that nobody has: a NaN, behind which no number stays.
  static constexpr double kNobody = std::numeric_limits<double>::quiet_NaN();

  std::span<std::int32_t> ids_;
  Numbers numbers_;  // of the ids
};

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

/// A NaN is passed over: it makes the sum of exponentials NaN.
double largest_of(const auto& x) {
  double largest = -kInfinity;
  for (const double each : x) largest = each > largest ? each : largest;
  return largest;
}

/// What experts are compared by, with -infinity for NaN, which would have no place in an order.
void compare_by(const RouterShape& shape, const RouterArgs& args, std::span<const float> logits_E,
                Numbers& compared_E) {
  std::ranges::copy(logits_E, compared_E.begin());
  const std::span compared = std::span(compared_E).first(logits_E.size());
  if (compares_scores(shape)) {
    if (shape.score == RouterScore::softmax) {
      const double largest = largest_of(logits_E);
      double sum = 0;
      for (double& x : compared) sum += x = std::exp(x - largest);
      for (double& x : compared) x /= sum;
    } else if (shape.score == RouterScore::sigmoid) {
      for (double& x : compared) x = sigmoid(x);
    }
    for (std::size_t e = 0; shape.corrected && e < compared.size(); ++e)
      compared[e] += args.correction_E[e];
  }
  for (double& x : compared) x = std::isnan(x) ? -kInfinity : x;
}

double group_score(const RouterShape& shape, std::span<const double> compared) {
  double best = -kInfinity, second = -kInfinity;
  for (const double x : compared) {
    second = std::max(second, std::min(best, x));
    best = std::max(best, x);
  }
  if (shape.group_score == RouterGroupScore::best) return best;
  return std::isnan(best + second) ? -kInfinity : best + second;
}

/// Ascending, so that of equal experts the one with the lower id is offered first.
std::span<const std::int32_t> best_groups(const RouterShape& shape, const Numbers& compared_E,
                                          Ids& ids) {
  const std::int64_t size = shape.E / shape.groups;
  const std::span kept = std::span(ids).first(static_cast<std::size_t>(shape.groups_kept));
  Best best(kept);
  for (std::int64_t group = 0; group < shape.groups; ++group) {
    const std::span members(compared_E.data() + group * size, static_cast<std::size_t>(size));
    best.offer(static_cast<std::int32_t>(group), group_score(shape, members));
  }
  std::ranges::sort(kept);
  return kept;
}

void choose(const RouterShape& shape, const RouterArgs& args, std::span<const float> logits_E,
            std::span<std::int32_t> expert_K) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
  Numbers compared_E;
  compare_by(shape, args, logits_E, compared_E);
  Best best(expert_K);
  const auto offer = [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t e = begin; e < end; ++e) {
      if (shape.removes && args.removed_E[e] != 0) continue;
      best.offer(static_cast<std::int32_t>(e), compared_E[static_cast<std::size_t>(e)]);
    }
  };
  if (shape.groups == shape.groups_kept) {
    offer(0, shape.E);
  } else {
    const std::int64_t size = shape.E / shape.groups;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
    Ids ids;
    for (const std::int32_t group : best_groups(shape, compared_E, ids))
      offer(group * size, (group + 1) * size);
  }
  best.fill();
}

void weigh(const RouterShape& shape, std::span<const float> logits_E,
           std::span<const std::int32_t> expert_K, float* weight_K) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
  Numbers numbers;
  const std::span weights = std::span(numbers).first(expert_K.size());
  for (std::size_t k = 0; k < weights.size(); ++k)
    weights[k] = logits_E[static_cast<std::size_t>(expert_K[k])];
  double sum = 0;
  if (shape.score == RouterScore::sigmoid) {
    for (double& x : weights) sum += x = sigmoid(x);
    sum = shape.renormalise ? sum + 1e-20 : 1;
  } else if (shape.score == RouterScore::softmax && !shape.renormalise) {
    const double largest = largest_of(logits_E);
    for (const float x : logits_E) sum += std::exp(x - largest);
    for (double& x : weights) x = std::exp(x - largest);
  } else {
    const double largest = largest_of(weights);
    for (double& x : weights) sum += x = std::exp(x - largest);
  }
  bool has_nan = false;
  for (const float x : logits_E) has_nan |= std::isnan(x);
  if (has_nan) sum = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t k = 0; k < weights.size(); ++k)
    weight_K[k] = static_cast<float>(weights[k] / sum * shape.routed_scale);
}

void run(const RouterShape& shape, const RouterArgs& args, const RouterLaunch& launch) {
  const std::int64_t blocks = row_blocks(shape.T);
  const auto E = static_cast<std::size_t>(shape.E), K = static_cast<std::size_t>(shape.K);
  launch.pool->run(blocks, [&](std::int64_t block, std::int64_t) {
    for (std::int64_t t = part(shape.T, block, blocks); t < part(shape.T, block + 1, blocks); ++t) {
      const std::span logits_E(args.logits_TE + t * shape.E, E);
      const std::span expert_K(args.expert_TK + t * shape.K, K);
      if (shape.forced) {
        std::copy_n(args.forced_TK + t * shape.K, K, expert_K.begin());
      } else {
        choose(shape, args, logits_E, expert_K);
      }
      weigh(shape, logits_E, expert_K, args.weight_TK + t * shape.K);
    }
  });
}

}  // namespace

extern const Router router_partial_sort = {
    .name = "partial_sort",
    .on_gpu = false,
    .supports = [](const RouterShape& shape) { return shape.E <= kMaxExperts; },
    .run = run,
};

}  // namespace moe
