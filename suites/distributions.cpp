#include "suites/distributions.h"

#include <algorithm>
#include <cmath>

#include "harness/error.h"

namespace moe {
namespace {

/// What is taken from a logit to have the logarithm of its probability.
double log_sum(const std::vector<float>& logits) {
  const double largest = std::ranges::max(logits);
  double sum = 0;
  for (const float logit : logits) sum += std::exp(double{logit} - largest);
  return largest + std::log(sum);
}

}  // namespace

void Divergence::add(const std::vector<std::vector<float>>& mine,
                     const std::vector<std::vector<float>>& other, std::size_t rows) {
  require(mine.size() == other.size() && rows <= mine.size(), "{} and {} rows, {} asked for",
          mine.size(), other.size(), rows);
  for (std::size_t r = mine.size() - rows; r < mine.size(); ++r) {
    const std::vector<float>&q = mine[r], &p = other[r];
    require(q.size() == p.size(), "distributions over {} and {} tokens", q.size(), p.size());
    const double q_sum = log_sum(q), p_sum = log_sum(p);
    double divergence = 0;
    for (std::size_t id = 0; id < p.size(); ++id) {
      const double log_p = double{p[id]} - p_sum;
      divergence += std::exp(log_p) * (log_p - (double{q[id]} - q_sum));
    }
    require(std::isfinite(divergence), "a divergence that is no number");
    sum += std::max(divergence, 0.0);  // rounding alone makes it less
    ++tokens;
    agreeing += std::ranges::max_element(q) - q.begin() == std::ranges::max_element(p) - p.begin();
  }
}

}  // namespace moe
