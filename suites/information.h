// How much the experts that questions were given say about what the questions are about.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moe {

/// A question: the number of what it is about, and the experts that one layer gave it.
struct Routed {
  std::size_t label = 0;
  std::vector<std::int64_t> experts;
};

/// Entropy of the labels in bits: what an expert could say at most.
double label_entropy(std::span<const Routed>);

/// Mutual information of label and expert in bits, a question's experts each counted alike. Of few
/// questions it is above 0 for no reason: hold it against information_by_chance.
double information(std::span<const Routed>);

/// The mean of `information` over seeded shuffles of the labels among the questions.
double information_by_chance(std::vector<Routed>);

}  // namespace moe
