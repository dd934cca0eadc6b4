// The documents of a text suite, one rolling request each.
#pragma once

#include <vector>

#include "suites/kind.h"
#include "suites/questions.h"

namespace moe {

/// Those that are not done yet, as far as the task's limit goes; [text] detokenizer says in which
/// form.
std::vector<Question> pages_of(const CaseTask&, const Tokenizer&);

}  // namespace moe
