// A run's samples as JSON Lines, in the schema that lm-evaluation-harness results can be compared
// in.
//
// One object per line, `kind` first: run, request (one per answer), doc (one per question and
// filter), task and group (values). NaN and infinities are null.
#pragma once

#include <cstdint>
#include <ostream>

#include "results/store.h"

namespace moe {

/// Writes the questions of run `run` (of target `target` where it has several; "" where it has one)
/// to `out`. Error where there is no such run, or several targets and none is named.
void export_samples(const Store&, std::int64_t run, const std::string& target, std::ostream& out);

}  // namespace moe
