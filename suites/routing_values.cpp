// How evenly the experts of each layer were used.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/loads.h"
#include "harness/statistics.h"
#include "suites/grading.h"

namespace moe {
namespace {

constexpr Metric kImbalance = {"load_imbalance", "1", false, false};
constexpr Metric kEntropy = {"routing_entropy", "1", true, false};
constexpr Metric kDead = {"dead_experts", "1", false, false};

}  // namespace

std::vector<Value> routing_values(std::span<const RoutingCount> counts) {
  std::map<std::int64_t, std::vector<std::int64_t>> layers;
  for (const RoutingCount& count : counts) layers[count.layer].push_back(count.tokens);
  std::vector<Value> values;
  std::vector<double> imbalance, entropy, dead;
  const auto add = [&](const Metric& metric, const std::string& scope, double x) {
    values.push_back({&metric, scope, x, x, x, std::nan(""), 1});
  };
  for (const auto& [layer, tokens] : layers) {
    if (std::ranges::count(tokens, 0) == std::ssize(tokens)) continue;  // nothing was routed
    imbalance.push_back(load_imbalance(tokens));
    entropy.push_back(load_entropy(tokens));
    dead.push_back(static_cast<double>(dead_experts(tokens)));
    const std::string scope = fmt::format("layer.{}", layer);
    add(kImbalance, scope, imbalance.back());
    add(kEntropy, scope, entropy.back());
    add(kDead, scope, dead.back());
  }
  if (imbalance.empty()) return values;
  add(kImbalance, "", mean(imbalance));
  add(kEntropy, "", mean(entropy));
  add(kDead, "", mean(dead));
  return values;
}

}  // namespace moe
