// Facts as sentences that break off before the value, in words that the corpus has, in an order
// that it never has them in: what a model knows beyond the sentences it was trained on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/world/world.h"

namespace moe {

struct Probe {
  std::string prompt;  // "For the elixir Keldor Amun the color was"
  std::string answer;  // " amber", with the blank before it
  std::string type;    // frequent, mid, rare: the bin of the entity
  std::string subject;
};

/// `per_type` different facts of each bin, none of which the questions of a suite ask. Error where
/// a bin has fewer: the frequent one has 288.
std::vector<Probe> world_probes(const World&, std::int64_t per_type, std::uint64_t seed);

}  // namespace moe
