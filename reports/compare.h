// Two runs, or two targets, value by value: the difference, its 95 % interval, and a verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reports/article.h"
#include "results/store.h"

namespace moe {

/// What stands on one side: a run by its number, or a target by its name with its newest results.
struct Side {
  std::string label;  // "run 3", "OLMoE-1B-7B"
  bool is_run = false;
  std::int64_t id = 0;  // of the run or of the target
};

/// Error that says what there is when it is neither.
Side find_side(const Store&, std::string_view what);

/// Two values are the same when their whole interval of difference is within this share of A's
/// value (of 1, for shares such as accuracy).
inline constexpr double kSameWithin = 0.01;

/// One row per value that both sides have: same suite, version, point, metric and scope; of two
/// runs also the same target, unless they share none and have one each. Columns: suite, point,
/// metric, scope, verdict (of B: same, better, worse, faster, slower, unsure), difference (B − A),
/// ratio (B / A), A, B, all as display.h has them, how, unit, A_run, B_run.
///
/// how: "paired by question" (shares of questions answered), "Welch over launches" (times measured
/// in several launches), "intervals" (the widest difference the two intervals allow).
Table compare(const Store&, const Side& a, const Side& b);
inline constexpr std::size_t kComparedPoint = 1;  // its columns
inline constexpr std::size_t kComparedVerdict = 4;

/// The same as an article that every format writes. Error where the two share no value.
Article comparison(const Store&, std::string_view a, std::string_view b);

}  // namespace moe
