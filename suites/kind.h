// A kind of suite: how a case is run in a worker, and how what was stored becomes values.
//
//   worker:  run(task, engine, sink)        measures and answers; sends raw events only
//   parent:  summarise(suite, record)       values, from what the store kept
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/event.h"
#include "harness/value.h"
#include "models/engine/engine.h"
#include "suites/suite.h"

namespace moe {

/// What a worker is to do for one case.
struct CaseTask {
  const Suite* suite = nullptr;
  std::string case_key;
  Json point;
  std::int64_t launch = 0;
  std::int64_t limit = -1;  // questions per leaf task
  std::filesystem::path data_root;
  std::set<std::pair<std::string, std::int64_t>> done;  // (task, document) already answered
};

/// Everything the store keeps of one case, as the summary sees it.
struct CaseRecord {
  Json point;
  std::string facts_json;           // of the target (TargetLoaded)
  std::vector<Document> documents;  // ordered by (task, document)
  std::vector<Answer> answers;      // ordered by (task, document, choice, filter)
  struct LaunchSamples {
    std::int64_t launch = 0;
    std::vector<Sample> samples;  // ordered by (metric, scope, index)
  };
  std::vector<LaunchSamples> launches;
  std::vector<RoutingCount> routing;
};

/// What a dry run prints.
struct PlanSummary {
  std::int64_t questions = 0, requests = 0;
  std::int64_t prompt_tokens = 0;  // model inputs as sent one request at a time
  std::int64_t shared_tokens = 0;  // after sharing in one trie over the whole case
  std::int64_t truncated_requests = 0;
};

struct Kind {
  std::string_view name;
  bool timed = false;  // launches and samples; else questions
  /// Checks the suite's own tables; Error names key and line. Called by parse_suite.
  void (*check)(const Suite&);
  /// Runs the case; throws Error on failure; CaseStarted and CaseEnded are sent by the caller.
  Verdict (*run)(const CaseTask&, Engine&, EventSink&);
  std::vector<Value> (*summarise)(const Suite&, const CaseRecord&);
  /// Needs the tokenizer and the config only; null for timed kinds.
  PlanSummary (*plan)(const CaseTask&, const Tokenizer&, std::int64_t max_tokens);
};

std::span<const Kind* const> kinds();
const Kind& find_kind(std::string_view name);

}  // namespace moe
