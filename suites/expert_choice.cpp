#include "suites/expert_choice.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "harness/error.h"

namespace moe {

ExpertChoice expert_choice(const Json& point) {
  const auto given = [&](const char* axis) {
    const auto value = point.value(axis, std::int64_t{0});
    return value > 0 ? std::optional(value) : std::nullopt;
  };
  return {.top_k = given("top_k"), .kept = given("experts")};
}

std::optional<Verdict> cannot_choose(const Config& config, const ExpertChoice& choice) {
  for (const LayerSpec& layer : config.layers) {
    const std::int64_t all = layer.feed_forward.experts;
    if (all == 0) continue;
    const std::int64_t top_k = choice.top_k.value_or(layer.feed_forward.experts_per_token);
    const std::int64_t kept = choice.kept.value_or(all);
    if (top_k > all)
      return Verdict{Outcome::skipped, fmt::format("top_k {} of {} experts", top_k, all)};
    if (kept > all)
      return Verdict{Outcome::skipped, fmt::format("{} of {} experts to be kept", kept, all)};
    if (top_k > kept)
      return Verdict{Outcome::skipped, fmt::format("top_k {} of {} experts kept", top_k, kept)};
  }
  return std::nullopt;
}

RemovedExperts all_but_busiest(const ExpertLoads& loads, std::int64_t kept) {
  RemovedExperts removed;
  for (const std::vector<std::int64_t>& tokens : loads) {
    std::vector<std::int64_t> experts(tokens.size());
    std::iota(experts.begin(), experts.end(), 0);
    std::ranges::stable_sort(experts, std::greater{},
                             [&](std::int64_t e) { return tokens[static_cast<std::size_t>(e)]; });
    experts.erase(experts.begin(), experts.begin() + std::min(kept, std::ssize(experts)));
    std::ranges::sort(experts);
    removed.push_back(std::move(experts));
  }
  return removed;
}

Config with_experts(Config config, std::int64_t kept) {
  for (LayerSpec& layer : config.layers) {
    std::int64_t& experts = layer.feed_forward.experts;
    experts = std::min(experts, kept);
  }
  return config;
}

}  // namespace moe
