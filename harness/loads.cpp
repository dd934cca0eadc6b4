#include "harness/loads.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/error.h"

namespace moe {
namespace {

double total_of(std::span<const std::int64_t> tokens_E) {
  const std::int64_t total = std::accumulate(tokens_E.begin(), tokens_E.end(), std::int64_t{0});
  require(total > 0, "{} tokens spread over {} experts", total, tokens_E.size());
  return static_cast<double>(total);
}

}  // namespace

double load_entropy(std::span<const std::int64_t> tokens_E) {
  const double total = total_of(tokens_E);
  double sum = 0;
  for (const std::int64_t tokens : tokens_E) {
    const double share = static_cast<double>(tokens) / total;
    if (share > 0) sum -= share * std::log(share);
  }
  return tokens_E.size() < 2 ? 1 : sum / std::log(static_cast<double>(tokens_E.size()));
}

double load_imbalance(std::span<const std::int64_t> tokens_E) {
  const double total = total_of(tokens_E);
  return static_cast<double>(*std::ranges::max_element(tokens_E)) *
         static_cast<double>(tokens_E.size()) / total;
}

std::int64_t dead_experts(std::span<const std::int64_t> tokens_E) {
  total_of(tokens_E);
  return std::ranges::count(tokens_E, 0);
}

}  // namespace moe
