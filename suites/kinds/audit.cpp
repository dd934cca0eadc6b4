// Audits: the questions of a suite asked of one target in two ways. Whether both give the same is
// said from what was stored.
//
//   questions ──as always──▶ answers (filter "none") ──┐
//       └──────again──────▶ answers ("alone", ...) ────┴─▶ store ─▶ summarise: what differs
//
// [audit] against = "alone"       each request by itself: nothing is shared, no other row in a step
//                   "batch"       all in another order, and in calls of 2, 7 and 32 requests
//                   "numerics"    of the same target at numerics=reference, beside this one
//         questions = 114         about so many, evenly of each subject
#include <algorithm>
#include <array>

#include "harness/error.h"
#include "models/target_keys.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asked_suite.h"
#include "suites/asking.h"
#include "suites/audited.h"
#include "suites/excluded.h"
#include "suites/facts.h"

namespace moe {
namespace {

constexpr std::string_view kAudit = "audit";
constexpr auto kKeys = std::to_array<std::string_view>({"against", "questions"});
constexpr OptionTable kTables[] = {{kAudit, true, kKeys}};
constexpr auto kAudited = std::to_array<std::string_view>({"multiple_choice", "continuation"});

std::string against_of(const Suite& suite) {
  return suite.options.at(std::string(kAudit)).at("against").get<std::string>();
}

std::vector<Again> passes_of(const std::string& against) {
  if (against == "alone") return {{.filter = "alone", .together = 1}};
  if (against == "numerics") return {{.filter = "reference"}};
  return {{.filter = "shuffled", .shuffled = true},
          {.filter = "by_2", .together = 2, .shuffled = true},
          {.filter = "by_7", .together = 7, .shuffled = true},
          {.filter = "by_32", .together = 32, .shuffled = true}};
}

void check(const Suite& suite) {
  constexpr auto kAgainst = std::to_array<std::string_view>({"alone", "batch", "numerics"});
  const std::string against = against_of(suite);
  require(std::ranges::find(kAgainst, against) != kAgainst.end(),
          "[audit]: against \"{}\"; known are {}", against, fmt::join(kAgainst, ", "));
  const Json questions = suite.options.at(std::string(kAudit)).value("questions", Json());
  require(questions.is_number_integer() && questions >= 1,
          "[audit]: questions: expected a positive whole number");
  require(suite.axes.size() == 1, "an audit has the axis suite alone");
  check_suite_axis(suite, kAudited);
}

/// The questions without those of a choice alone; their facts say how many answers will be stored.
std::vector<Question> asked(const CaseTask& task, const Tokenizer& tokenizer) {
  const std::size_t times = 1 + passes_of(against_of(*task.suite)).size();
  const auto wanted =
      task.suite->options.at(std::string(kAudit)).at("questions").get<std::int64_t>();
  std::vector<Question> questions = questions_at(task, wanted, tokenizer);
  for (Question& question : questions) {
    if (question.requests.empty()) continue;  // excluded
    question.requests.resize(question.requests.size() - question.unconditional);
    question.unconditional = 0;
    Json facts = facts_of(question.document);
    facts["answers"] = times * question.requests.size();
    question.document.facts_json = facts.dump();
  }
  return questions;
}

/// The experts of the last token of every question's prompt, on both engines, as facts.
void add_routing(Engine& engine, Engine& reference, std::vector<Question>& questions) {
  if (!engine.config().is_mixture() || !engine.capabilities().routing ||
      !reference.capabilities().routing)
    return;
  std::vector<Request> requests;
  for (const Question& question : questions)
    if (!question.requests.empty()) requests.push_back(question.requests.front());
  const std::vector<ChosenExperts> chosen = engine.route(requests),
                                   of_reference = reference.route(requests);
  std::size_t next = 0;
  for (Question& question : questions) {
    if (question.requests.empty()) continue;
    Json facts = facts_of(question.document);
    facts["experts"] = chosen.at(next);
    facts["experts_reference"] = of_reference.at(next++);
    question.document.facts_json = facts.dump();
  }
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  require(engine.capabilities().log_likelihood, "the engine gives no log-likelihoods");
  const std::string against = against_of(*task.suite);
  std::unique_ptr<Engine> reference;
  if (against == "numerics") {
    const auto spec = reference_of(task.target);
    if (!spec) return {Outcome::skipped, "the target runs on the reference itself"};
    reference = task.open(*spec);
  }
  std::vector<Question> questions = asked(task, engine.tokenizer());
  exclude_too_long(questions, engine.capabilities().max_tokens);
  if (reference) add_routing(engine, *reference, questions);
  const bool promised = against != "numerics" && engine.capabilities().invariant;
  sink.send(Sample{task.case_key, std::string(kPromised), "", 0, promised ? 1.0 : 0.0});
  ask(task, engine, sink, questions, static_cast<std::int64_t>(task.done.size()));
  for (const Again& again : passes_of(against))
    ask_again(task, reference ? *reference : engine, sink, questions, again);
  return {};
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  return plan_of(asked(task, tokenizer), max_tokens);
}

}  // namespace

extern const Kind audit = {
    .name = "audit",
    .timed = false,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = run,
    .summarise = audit_summary,
    .plan = plan,
    .splits = splits_at,
    .asked = [](const Suite&, const Json& point) { return suite_at(point); },
};

}  // namespace moe
