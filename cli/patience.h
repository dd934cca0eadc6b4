// How long a worker may take for what, before it counts as hanging.
#pragma once

#include <string_view>

#include "suites/suite.h"

namespace moe {

struct Patience {
  double loading_s = 600;    // without a byte more of the model in memory
  double questions_s = 600;  // without an answer, where neither suite nor user asks for more
  double least_s = 60;       // the same, whatever the user asks for: one step may take as long
  double margin_s = 600;     // of a timed case beside its sampling: its check, warm-up, questions
};

struct Limit {
  double seconds = 0;
  std::string_view what;  // how the reason of a case that took longer begins
};

Limit loading_limit(const Patience&);

/// Of a case under way: without progress where it asks questions only, in all where it is timed.
/// `timeout_s` is the user's, 0: as the suite says.
Limit case_limit(const Suite&, double timeout_s, const Patience&);

}  // namespace moe
