// Facts as sentences that break off before the value, in words that the corpus has, in an order
// that it never has them in: what a model knows beyond the sentences it was trained on. A training
// is watched, and its learning rate chosen, by facts and wordings that no suite has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "datasets/world/world.h"

namespace moe {

struct Probe {
  std::string prompt;  // "About the elixir Keldor Amun: the color is"
  std::string answer;  // " amber", with the blank before it
  std::string type;    // frequent, mid, rare: the bin of the entity
  std::string subject;
};

/// Different facts of each bin, as many as there are but `most` at most, by lot: those that no
/// question asks, neither of the entity itself nor of it as a partner.
std::vector<Probe> world_probes(const World&, std::int64_t most, std::uint64_t seed);

/// sha256 of them.
std::string probes_digest(const std::vector<Probe>&);

}  // namespace moe
