// Two runs, or two targets: which of their values stand beside each other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/change.h"
#include "results/store.h"

namespace moe {

/// What stands on one side: a run by its number, or a target with its newest results.
struct Side {
  std::string label;  // "run 3", "OLMoE-1B-7B"
  bool is_run = false;
  std::int64_t id = 0;  // of the run or of the target
};

/// A run's number, or a target as find_target.h reads it. Error that says what there is when it is
/// neither, or several targets.
Side find_side(const Store&, std::string_view what);

struct MatchedValue {
  ComparedValue a, b;
  bool same_data = true;  // false: the records behind the suite's name are not the same
};

struct MatchedValues {
  std::vector<MatchedValue> values;
  bool named = false;  // there are several targets, each beside itself
};

/// Those that both sides have: same suite, version, point, metric and scope; of two runs also the
/// same target, unless they share none and have one each. What describes a single result (shares of
/// letters, clustered standard errors) is none of them.
MatchedValues match_values(const Store&, const Side& a, const Side& b);

/// "shots 5"; with the target's name before it where several targets are `named`.
std::string point_of(const Store&, const ComparedValue&, bool named);

}  // namespace moe
