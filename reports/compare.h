// Two runs, or two targets, value by value: the difference, its 95 % interval, and a verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reports/article.h"
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

/// Two shares are the same when the whole interval of their difference is within this; two other
/// values when that of their ratio is within this share of 1.
inline constexpr double kSameWithin = 0.01;

/// One row per value that both sides have: same suite, version, point, data, metric and scope; of
/// two runs also the same target, unless they share none and have one each. Columns: suite, point,
/// metric, scope, verdict (of B: same, better, worse, faster, slower, unsure, not compared),
/// difference (B − A) or ratio (B / A), A, B, n, how, unit, A_run, B_run.
///
/// how: "paired by question" and "paired by document" (n of them common to both, which A and B are
/// then about), "two intervals" (independent ones), "exact" (nothing varies), "one result" (set
/// beside itself), "no interval" (read once), "different data" (the records behind the suite's name
/// are not the same).
Table compare(const Store&, const Side& a, const Side& b);
inline constexpr std::size_t kComparedVerdict = 4, kComparedDifference = 5,
                             kComparedRatio = 8;  // its columns

/// The same as an article that every format writes. Error where the two share no value.
Article comparison(const Store&, std::string_view a, std::string_view b);

}  // namespace moe
