#include "results/event_writer.h"

#include "results/bind.h"

namespace moe {
namespace {

/// Lets std::visit take one lambda per event.
template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

std::optional<std::string> case_key_of(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::optional<std::string> {
        if constexpr (requires { e.case_key; }) {
          if (!e.case_key.empty()) return e.case_key;  // progress of loading is of no case
        }
        return std::nullopt;
      },
      event);
}

bool leaves_row(const Event& event) {
  return !std::holds_alternative<Progress>(event) && !std::holds_alternative<CaseEnded>(event) &&
         !std::holds_alternative<JobEnded>(event);
}

EventWriter::EventWriter(Store& store)
    : sample_(store.connection().db,
              "INSERT OR REPLACE INTO sample (case_run, launch, metric, scope, \"index\", value) "
              "VALUES (?, ?, ?, ?, ?, ?)"),
      document_(store.connection().db,
                "INSERT INTO document (case_run, task, document, target, facts) VALUES "
                "(?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"),
      answer_(store.connection().db,
              "INSERT OR REPLACE INTO answer (case_run, task, document, choice, filter, launch, "
              "continuation, generated, log_likelihood, is_greedy, context_tokens, "
              "continuation_tokens, truncated_tokens, tokens_sha256, prompt_sha256) VALUES (?, ?, "
              "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
      routing_(
          store.connection().db,
          "INSERT INTO routing_count (case_run, launch, layer, expert, tokens) "
          "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET tokens = tokens + excluded.tokens"),
      started_(store.connection().db,
               "UPDATE case_run SET started_at = coalesce(started_at, ?) WHERE id = ?"),
      greeted_(store.connection().db, "UPDATE launch SET build = ? WHERE id = ?"),
      loaded_(store.connection().db, "UPDATE launch SET load_s = ? WHERE id = ?"),
      log_(store.connection().db, "INSERT INTO log (run, at, level, text) VALUES (?, ?, ?, ?)") {}

void EventWriter::write(std::int64_t run_id, const TimedEvent& timed) {
  const std::int64_t launch = timed.launch, case_run = timed.case_run;
  const std::string& at = timed.at;
  std::visit(Overloaded{
                 [&](const Hello& e) { run_with(greeted_, e.build, launch); },
                 [](const Progress&) {},
                 [](const CaseEnded&) {},
                 [](const JobEnded&) {},
                 [&](const TargetLoaded& e) { run_with(loaded_, Real{e.load_s}, launch); },
                 [&](const CaseStarted&) { run_with(started_, at, case_run); },
                 [&](const Document& e) {
                   run_with(document_, case_run, e.task, e.document, e.target, e.facts_json);
                 },
                 [&](const Answer& e) {
                   run_with(answer_, case_run, e.task, e.document, e.choice, e.filter, launch,
                            e.continuation, e.generated, Real{e.log_likelihood}, int{e.is_greedy},
                            e.context_tokens, e.continuation_tokens, e.truncated_tokens,
                            e.tokens_sha256, e.prompt_sha256);
                 },
                 [&](const Sample& e) {
                   run_with(sample_, case_run, launch, e.metric, e.scope, e.index, Real{e.value});
                 },
                 [&](const RoutingCount& e) {
                   run_with(routing_, case_run, launch, e.layer, e.expert, e.tokens);
                 },
                 [&](const LogLine& e) { run_with(log_, run_id, at, e.level, e.text); },
             },
             timed.event);
}

}  // namespace moe
