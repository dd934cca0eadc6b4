// A run's samples as JSON Lines, in the schema that lm-evaluation-harness results can be compared
// in.
//
// One object per line, `kind` first:
//   run      build, when, command, limit, model
//   request  one per question and choice: digests of text and tokens, log-likelihood
//   chunk    as request, of a text that is no question of the harness's (llama.cpp's perplexity)
//   doc      one per question: gold and metrics before aggregation
//   task, group   n, version, shots and metrics ("acc,none", "acc_stderr,none")
// NaN and infinities are null; a standard error that is not defined is "N/A".
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "results/store.h"

namespace moe {

/// What of a run: "" is all there is, where that leaves no choice.
struct ExportChoice {
  std::string target;  // name, spec, or the beginning of the identity
  std::string suite;
  std::string point;  // as the store has it: {"shots":5}
};

/// Writes the questions of run `run`. Error where there is no such run, or it asked nothing of that
/// kind; where several targets, or several cases that asked the same tasks, fit the choice: a line
/// names its question by task and number only, so they would be mixed.
void export_samples(const Store&, std::int64_t run, const ExportChoice&, std::ostream& out);

}  // namespace moe
