// Writes the rows of a made-up store. Values are of the program's own metrics, by name, so that
// what is approved is a report on a store the program can write.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/value.h"
#include "results/store.h"

namespace moe::testing {

/// Every metric of the fixture, as suites/ declares it (fixture_test.cpp holds them against it).
std::span<const Metric> fixture_metrics();

struct Measured {
  std::string metric;
  double estimate = 0, half = 0;
  std::int64_t n = 0;
  std::string scope = {};  // NOLINT(readability-redundant-member-init): most values have none
};

class Filler {
 public:
  explicit Filler(const Store& store) : store_(store) {}

  void insert(const std::string& table, const std::string& columns,
              const std::vector<Cell>& cells) const;

  std::int64_t add_case(std::int64_t run, std::int64_t target, const std::string& suite,
                        const std::string& point, const std::string& outcome = "ok",
                        const std::string& reason = "");

  void add_value(std::int64_t case_run, const Measured&) const;

 private:
  const Store& store_;
  std::int64_t case_runs_ = 0;
};

/// What target 1, the mixture, or 2, the dense model, scores: fixture_scores.cpp.
void add_accuracy(Filler&, std::int64_t target);
void add_perplexity(Filler&, std::int64_t target);
/// Of the mixture: its sharing and its numerics, not its batches.
void add_audits(Filler&);

/// What the mixture does with other numbers of experts, and what its experts serve:
/// fixture_experts.cpp.
void add_sparsity(Filler&);
void add_pruning(Filler&);
void add_specialisation(Filler&);

/// fixture_trainings.cpp
void add_trainings(const Filler&);

}  // namespace moe::testing
