#include "suites/information.h"

#include <cmath>
#include <map>
#include <utility>

#include "harness/random.h"

namespace moe {
namespace {

constexpr std::int64_t kShuffles = 20;
constexpr std::uint64_t kSeed = 20240607;

/// Of counts that may be anything, in bits.
template <typename Key>
double entropy_of(const std::map<Key, double>& counts) {
  double total = 0, sum = 0;
  for (const auto& [key, count] : counts) {
    total += count;
    sum += count * std::log2(count);
  }
  return total > 0 ? std::log2(total) - sum / total : 0;
}

}  // namespace

double label_entropy(std::span<const Routed> questions) {
  std::map<std::size_t, double> labels;
  for (const Routed& question : questions) ++labels[question.label];
  return entropy_of(labels);
}

double information(std::span<const Routed> questions) {
  std::map<std::size_t, double> labels;
  std::map<std::int64_t, double> experts;
  std::map<std::pair<std::size_t, std::int64_t>, double> both;
  for (const Routed& question : questions) {
    for (const std::int64_t expert : question.experts) {
      ++labels[question.label];
      ++experts[expert];
      ++both[{question.label, expert}];
    }
  }
  return entropy_of(labels) + entropy_of(experts) - entropy_of(both);
}

double information_by_chance(std::vector<Routed> questions) {
  std::vector<std::size_t> labels;
  labels.reserve(questions.size());
  for (const Routed& question : questions) labels.push_back(question.label);
  Random random(kSeed);
  double sum = 0;
  for (std::int64_t i = 0; i < kShuffles; ++i) {
    random.shuffle(labels);
    for (std::size_t q = 0; q < labels.size(); ++q) questions[q].label = labels[q];
    sum += information(questions);
  }
  return sum / static_cast<double>(kShuffles);
}

}  // namespace moe
