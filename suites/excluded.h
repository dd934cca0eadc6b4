// Questions that cannot be asked as they stand: they are stored with the reason, asked of nobody,
// and in no score. A score of fewer questions is not the suite's, so the case is not ok, unless the
// suite says how many may be missing: [score] may_exclude = 3.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "suites/kind.h"
#include "suites/questions.h"

namespace moe {

/// Takes the question's requests; its document keeps the reason as the fact "excluded".
void exclude(Question&, const std::string& reason);

/// Excludes questions with a continuation longer than the model, of which nothing would be left to
/// condition it on.
void exclude_too_long(std::vector<Question>&, std::int64_t max_tokens);

/// Adds the value excluded_questions where there are any, and the verdict.
void add_excluded(const Suite&, const CaseRecord&, Summary&);

/// Error where [score] may_exclude is no whole number.
void check_may_exclude(const Suite&);

}  // namespace moe
