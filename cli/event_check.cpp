#include "cli/event_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

constexpr std::int64_t kMostTokens = std::int64_t{1} << 50U;  // so that sums of counts fit

void check_body(const Hello& hello, const Assignment& assigned) {
  require(assigned.build.empty() || hello.build == assigned.build,
          "the worker is of another build: expected \"{}\", found \"{}\"", assigned.build,
          hello.build);
}

void check_body(const TargetLoaded& loaded, const Assignment& assigned) {
  require(loaded.identity == assigned.identity,
          "target {}: its files changed since the run was planned; the same command plans anew",
          assigned.job->target);
}

void check_body(const Document& document, const Assignment&) {
  const Json facts = Json::parse(document.facts_json, nullptr, /*allow_exceptions=*/false);
  require(facts.is_object(), "facts of document {} {}: expected a JSON object, found {}",
          document.task, document.document, document.facts_json.substr(0, 120));
}

void check_body(const RoutingCount& count, const Assignment&) {
  require(count.tokens >= 0 && count.tokens <= kMostTokens,
          "tokens of expert {} in layer {}: expected a count, found {}", count.expert, count.layer,
          count.tokens);
}

void check_body(const JobEnded&, const Assignment& assigned) {
  require(!assigned.current, "the worker ended its job within case {}",
          assigned.current.value_or(""));
}

template <typename Other>
void check_body(const Other&, const Assignment&) {}

/// A case is started once, is one of the job's, and is under way when anything is said of it.
void check_case(const Event& event, const std::string& key, const Assignment& assigned) {
  if (!std::holds_alternative<CaseStarted>(event)) {
    require(assigned.current == key, "the worker speaks of case {}, under way is {}", key,
            assigned.current.value_or("none"));
    return;
  }
  require(
      std::ranges::find(assigned.job->cases, key, &CaseJob::case_key) != assigned.job->cases.end(),
      "the worker started case {}, which it was not asked for", key);
  require(!assigned.current, "the worker started case {} within case {}", key,
          assigned.current.value_or(""));
}

}  // namespace

void check_event(const Event& event, const Assignment& assigned) {
  std::visit(
      [&](const auto& e) {
        if constexpr (requires { e.case_key; }) {
          const bool of_loading =
              std::holds_alternative<Progress>(event) && e.case_key.empty() && !assigned.current;
          if (!of_loading) check_case(event, e.case_key, assigned);
        }
        check_body(e, assigned);
      },
      event);
}

}  // namespace moe
