// The interval of one difference, by the best method the stored rows allow.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "results/store.h"

namespace moe {

/// A value of one side, as the view `result` has it.
struct ComparedValue {
  std::string suite, point, metric, scope, unit;
  std::int64_t suite_version = 0, case_run = 0, run = 0, target = 0, n = 0;
  bool higher_is_better = true, deterministic = false;
  double estimate = 0, low = 0, high = 0;
};

struct Difference {
  double estimate = 0, low = 0, high = 0;  // B - A
  std::string_view how;
};

/// Paired by question where both keep this metric per question; Welch's t over the means of
/// launches where both have two or more; else the widest difference the two intervals allow.
Difference difference(const Store&, const ComparedValue& a, const ComparedValue& b);

}  // namespace moe
