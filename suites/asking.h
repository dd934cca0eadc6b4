// Sends requests to an engine and its answers to the sink, with progress and the routing they
// caused.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "suites/kind.h"
#include "suites/questions.h"

namespace moe {

/// Sends all documents, scores all requests at once, or generates where they ask for that, and
/// sends answers as they come. `before` questions were answered in an earlier launch and count as
/// progress.
void ask(const CaseTask&, Engine&, EventSink&, std::vector<Question>, std::int64_t before);

/// How questions that were asked are asked once more: `together` requests in a call (0: all), in
/// another order where `shuffled`. The answers are stored under `filter`.
struct Again {
  std::string filter;
  std::size_t together = 0;
  bool shuffled = false;
};

/// Asks them again. What it routes is not counted.
void ask_again(const CaseTask&, Engine&, EventSink&, const std::vector<Question>&, const Again&);

/// Sends the tokens that every expert was given since the last reset, and resets them.
void send_routing(const CaseTask&, Engine&, EventSink&);

/// Counts of what asking would run.
PlanSummary plan_of(std::vector<Question>, std::int64_t max_tokens);

/// A case of questions with choices (questions_of), asked and counted.
Verdict ask_choices(const CaseTask&, Engine&, EventSink&);
PlanSummary plan_choices(const CaseTask&, const Tokenizer&, std::int64_t max_tokens);

}  // namespace moe
