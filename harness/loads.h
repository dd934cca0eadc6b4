// How evenly tokens are spread over experts. Each is an Error where there are no experts, or no
// token was spread.
#pragma once

#include <cstdint>
#include <span>

namespace moe {

/// Shannon's entropy of the loads over its maximum: 1 where all experts get as much.
double load_entropy(std::span<const std::int64_t> tokens_E);

/// The fullest expert's load over the mean; E where one gets all.
double load_imbalance(std::span<const std::int64_t> tokens_E);

/// Experts that get nothing.
std::int64_t dead_experts(std::span<const std::int64_t> tokens_E);

}  // namespace moe
