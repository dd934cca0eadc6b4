// What SQL in a report may call beside SQLite's own functions: the intervals of
// harness/statistics.h, so that a formula stands in one place, and a point as people read it.
//
//   wilson_low(k, n), wilson_high                   share k / n
//   paired_low(first_only, second_only, n), …_high  difference of two shares of the same n
//   questions ratio_low(a, a_low, a_high, b, b_low, b_high), ratio_high    a / b of independent
//   estimates readable(point)                                 {"batch":8,"context":128}: batch 8,
//   context 128
//
// Null where an argument is null, and where a or b is not above 0.
#pragma once

#include <sqlite3.h>

namespace moe {

void add_functions(sqlite3*);

}  // namespace moe
