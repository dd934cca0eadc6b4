// From one value to another: by how much, with its 95 % interval, by the best method the stored
// rows allow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "harness/statistics.h"
#include "results/store.h"

namespace moe {

/// A value of one side, as the view `result` has it.
struct ComparedValue {
  std::string suite, point, metric, scope, unit, dataset_digest, target_name;
  std::int64_t suite_version = 0, case_run = 0, run = 0, target = 0;
  bool higher_is_better = true, deterministic = false;
  bool is_sweep = false;  // asks the questions of another suite again
  Estimate estimate;
};

/// Questions that both answered, each right or wrong, or right to a share.
struct PairedQuestions {
  std::int64_t only_a = 0, only_b = 0;  // that one alone got right
  std::optional<double> p;              // McNemar's exact test; none of shares
  double detectable = 0;                // the difference that so many find (harness/paired.h)
  std::int64_t clusters = 0;            // that questions share; 0: each is its own
};

struct Change {
  Estimate a, b;  // of the questions common to both where they are paired, else as they are stored
  std::optional<std::int64_t> common;  // how many of those
  bool is_ratio = false;               // `by` is B / A, else B - A
  Estimate by;
  bool has_interval = true;  // false: read once where the next reading may differ
  std::string_view how;
  std::optional<PairedQuestions> questions;  // where it is paired by question
};

/// A result beside itself changes by nothing. Shares of questions change by a difference;
/// everything else by a ratio, as long as both are above 0. Paired by question or document where
/// both keep the metric for each, else by MOVER from the two intervals.
Change change(const Store&, const ComparedValue& a, const ComparedValue& b);

/// Whether a metric is a share, of questions or of probability: it changes by a difference.
bool is_share(std::string_view metric);

/// A mean of shares, over subjects or suites: it has no questions of its own to pair, and changes
/// by a difference too.
bool is_mean_of_shares(std::string_view metric);

}  // namespace moe
