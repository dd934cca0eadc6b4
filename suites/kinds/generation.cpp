// Questions that are answered by a generated text: right where what is taken out of it is one of
// the texts that are.
#include <algorithm>
#include <array>
#include <map>

#include "harness/error.h"
#include "harness/statistics.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asking.h"
#include "suites/data.h"
#include "suites/excluded.h"
#include "suites/facts.h"
#include "suites/grading.h"
#include "suites/matching.h"
#include "suites/prompt.h"
#include "suites/shots.h"

namespace moe {
namespace {

constexpr auto kGenerateKeys = std::to_array<std::string_view>({"until", "max_new_tokens"});
constexpr auto kScoreKeys =
    std::to_array<std::string_view>({"ignore", "ignore_case", "ignore_punctuation", "may_exclude"});
constexpr OptionTable kTables[] = {{"prompt", true, kPromptKeys},
                                   {"generate", true, kGenerateKeys},
                                   {"score", false, kScoreKeys},
                                   {"filters", false, {}},
                                   {"groups", false, {}}};
constexpr Metric kExactMatch = {"exact_match", "1", true, true};
constexpr Metric kExactMatchMacro = {"exact_match_macro", "1", true, true};

TextAnswers text_answers(const Suite& suite) {
  const Json& table = suite.options.at("generate");
  return {.stop = table.value("until", std::vector<std::string>()),
          .max_new_tokens = table.value("max_new_tokens", std::int64_t{256})};
}

void check(const Suite& suite) {
  check_prompt(suite);
  check_groups(suite);
  text_match(suite);
  check_may_exclude(suite);
  const TextAnswers text = text_answers(suite);
  require(text.max_new_tokens >= 1, "[generate]: max_new_tokens {}: expected 1 or more",
          text.max_new_tokens);
  require(std::ranges::find(text.stop, "") == text.stop.end(),
          "[generate]: until: an empty text would stop everything");
  const PromptTemplate prompt = prompt_of(suite);
  require(!prompt.continuation.empty() || !prompt.answers.empty(),
          "[prompt]: continuation is missing: what an example is answered by, \"{{answer}}\", or "
          "answers, the letters");
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  require(engine.capabilities().generation, "the engine generates nothing");
  ask(task, engine, sink, text_questions_of(task, engine.tokenizer(), text_answers(*task.suite)),
      static_cast<std::int64_t>(task.done.size()));
  return {};
}

/// What a filter other than the first makes of the questions; its name is the scope.
Value value_of(const TextFilter& filter, const ByTask& tasks) {
  std::vector<double> scores;
  for (const auto& [task, some] : tasks) scores.insert(scores.end(), some.begin(), some.end());
  const std::int64_t right = std::ranges::count(scores, 1.0);
  const Interval interval = wilson_interval(right, std::ssize(scores));
  return {&kExactMatch,           filter.name,       mean(scores), interval.low, interval.high,
          standard_error(scores), std::ssize(scores)};
}

Summary summarise(const Suite& suite, const CaseRecord& record) {
  const TextMatch match = text_match(suite);
  std::map<std::pair<std::string, std::int64_t>, std::vector<std::string>> targets;
  for (const Document& document : record.documents)
    targets[{document.task, document.document}] =
        fact_of<std::vector<std::string>>(document, "targets");
  Summary summary;
  std::vector<ByTask> scores(match.filters.size());
  for (const Answer& answer : record.answers) {
    const auto right = targets.find({answer.task, answer.document});
    if (right == targets.end()) continue;
    Json metrics;
    for (std::size_t f = 0; f < match.filters.size(); ++f) {
      const std::string text = extracted(match.filters[f], answer.generated);
      const double score = matches(match, text, right->second) ? 1 : 0;
      scores[f][answer.task].push_back(score);
      metrics[f == 0 ? "exact_match" : "exact_match_" + match.filters[f].name] = score;
    }
    summary.documents.push_back({answer.task, answer.document, metrics.dump()});
  }
  // The first filter's values are the case's.
  add_shares(suite, {kExactMatch, kExactMatchMacro}, scores.front(), summary.values);
  for (std::size_t f = 1; f < match.filters.size() && !scores[f].empty(); ++f)
    summary.values.push_back(value_of(match.filters[f], scores[f]));
  for (Value& value : routing_values(record.routing)) summary.values.push_back(std::move(value));
  add_excluded(suite, record, summary);
  return summary;
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  return plan_of(text_questions_of(task, tokenizer, text_answers(*task.suite)), max_tokens);
}

}  // namespace

extern const Kind generation = {
    .name = "generation",
    .timed = false,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = run,
    .summarise = summarise,
    .plan = plan,
    .splits = question_splits,
};

}  // namespace moe
