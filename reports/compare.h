// Two runs, or two targets, value by value: the difference, its 95 % interval, and a verdict.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reports/article.h"
#include "reports/matched_values.h"
#include "results/store.h"

namespace moe {

/// Two shares are the same when the whole interval of their difference is within this; two other
/// values when that of their ratio is within this share of 1.
inline constexpr double kSameWithin = 0.01;

/// One row per value that both have and that is of the same data (match_values). Columns: suite,
/// point, metric, scope, verdict (of B: same, better, worse, faster, slower, unsure, not compared),
/// difference (B − A) or ratio (B / A), A, B, n, of scores of questions what PairedQuestions has,
/// how, unit, A_run, B_run. p_holm is p corrected for the number of rows that have a p and are of
/// whole suites.
///
/// how: "paired by question" and "paired by document" (n of them common to both, which A and B are
/// then about), "two intervals" (independent ones), "exact" (nothing varies), "one result" (set
/// beside itself), "no interval" (read once), "different data" (the records behind the suite's name
/// are not the same).
Table compare(const Store&, const Side& a, const Side& b);
inline constexpr std::size_t kComparedVerdict = 4, kComparedDifference = 5,
                             kComparedRatio = 8;  // its columns
std::size_t column_of(const Table&, std::string_view name);

/// The same as an article that every format writes. Error where the two share no value.
Article comparison(const Store&, std::string_view a, std::string_view b);

}  // namespace moe
