// A case of a bundled suite on an engine without a model, and the values of what it sent.
#pragma once

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "suites/kind.h"
#include "tests/suites/fake_engine.h"

namespace moe {

/// As a store gives them, in whatever order they came.
inline void sort_answers(CaseRecord& record) {
  std::ranges::sort(record.answers, {}, [](const Answer& a) {
    return std::tuple(a.task, a.document, a.choice, a.filter);
  });
}

/// Quick by default: three samples of a step.
struct Case {
  explicit Case(std::string_view name, Json point = Json::object())
      : suite(find_suite(name)), kind(find_kind(suite.kind)) {
    suite.measure = {.warmup = 1, .min_samples = 3, .below = 0.5, .timeout_s = 30};
    task.suite = &suite;
    task.case_key = "case";
    task.point = std::move(point);
  }
  Verdict run() { return kind.run(task, engine, sink); }

  /// What a store would have kept of it.
  CaseRecord record() const {
    CaseRecord out;
    out.documents = sink.all<Document>();
    out.answers = sink.all<Answer>();
    sort_answers(out);
    out.routing = sink.all<RoutingCount>();
    out.launches.push_back({.number = 0, .samples = sink.all<Sample>()});
    return out;
  }
  Summary summary() const { return kind.summarise(suite, record()); }

  Suite suite;
  const Kind& kind;
  CaseTask task;
  FakeEngine engine{fake_config()};
  ListSink sink;
};

inline double estimate(const Summary& summary, std::string_view metric,
                       std::string_view scope = "") {
  for (const Value& value : summary.values) {
    if (value.metric->name == metric && value.scope == scope) return value.estimate;
  }
  return std::nan("");
}

inline std::set<std::string> names_of(const Summary& summary) {
  std::set<std::string> names;
  for (const Value& value : summary.values) names.emplace(value.metric->name);
  return names;
}

}  // namespace moe
