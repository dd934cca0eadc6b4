// What SQL in a report may call beside SQLite's own functions: the intervals of
// harness/statistics.h, so that a formula stands in one place, and what people read.
//
//   wilson_low(k, n), wilson_high
//       of a share k / n
//   paired_low(first_only, second_only, n), paired_high
//       of the difference of two shares of the same n questions
//   ratio_low(a, a_low, a_high, b, b_low, b_high), ratio_high
//       of a / b, two independent estimates
//   readable(point)
//       {"batch":8,"context":128}: batch 8, context 128
//   differences(a, b)
//       of two JSON objects: os: Debian 12 → Debian 13 (results/differences.h)
//
// Null where an argument is null, and where a or b of a ratio is not above 0.
#pragma once

#include <sqlite3.h>

namespace moe {

void add_functions(sqlite3*);

}  // namespace moe
