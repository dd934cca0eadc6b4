// Accuracy by log-likelihood: the choice that the model finds likeliest is its answer.
#include <algorithm>
#include <array>

#include "datasets/dataset.h"
#include "harness/error.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asking.h"
#include "suites/grading.h"
#include "suites/prompt.h"

namespace moe {
namespace {

constexpr auto kPromptKeys =
    std::to_array<std::string_view>({"shots_split", "description", "question", "strip", "answers"});
constexpr auto kScoreKeys = std::to_array<std::string_view>({"metrics"});
constexpr OptionTable kTables[] = {
    {"prompt", true, kPromptKeys}, {"score", false, kScoreKeys}, {"groups", false, {}}};

/// Groups are lists of the dataset's subsets.
void check_groups(const Suite& suite) {
  const std::vector<std::string>& subsets = find_dataset(suite.dataset).subsets;
  const Json groups = suite.options.value("groups", Json::object());
  for (const auto& [group, members] : groups.items()) {
    require(members.is_array() && !members.empty(), "[groups]: {}: expected a list of subsets",
            group);
    require(std::ranges::find(subsets, group) == subsets.end(),
            "[groups]: {}: a subset of dataset {} has that name", group, suite.dataset);
    for (const Json& member : members) {
      require(member.is_string() &&
                  std::ranges::find(subsets, member.get<std::string>()) != subsets.end(),
              "[groups]: {}: {} is no subset of dataset {}", group, member.dump(), suite.dataset);
    }
  }
}

/// Examples come from a split that the dataset has.
void check_shots(const Suite& suite) {
  const std::string split = suite.options.at("prompt").value("shots_split", "");
  if (!split.empty()) find_split(find_dataset(suite.dataset), split);
  for (const Axis& axis : suite.axes) {
    for (const Json& value : axis.values)
      require(value == 0 || !split.empty(),
              "[prompt]: shots_split is missing, and axis shots is {}", value.dump());
  }
}

void check(const Suite& suite) {
  prompt_of(suite);
  check_groups(suite);
  for (const Axis& axis : suite.axes) {
    require(axis.name == "shots", "axis \"{}\": a multiple_choice suite has the axis shots only",
            axis.name);
    for (const Json& value : axis.values)
      require(value.is_number_integer() && value >= 0,
              "axis shots: expected whole numbers, found {}", value.dump());
  }
  const auto metrics = suite.options.value("score", Json::object())
                           .value("metrics", std::vector<std::string>{"acc"});
  require(!metrics.empty(), "[score]: metrics: expected at least one");
  for (const std::string& metric : metrics) {
    require(metric == "acc" || metric == "acc_norm" || metric == "exact",
            "[score]: unknown metric \"{}\"; known are acc, acc_norm, exact", metric);
    require(std::ranges::count(metrics, metric) == 1, "[score]: metrics: \"{}\" is given twice",
            metric);
  }
  check_shots(suite);
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  require(engine.capabilities().log_likelihood, "the engine gives no log-likelihoods");
  ask(task, engine, sink, questions_of(task, engine.tokenizer()),
      static_cast<std::int64_t>(task.done.size()));
  return {};
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  return plan_of(questions_of(task, tokenizer), max_tokens);
}

}  // namespace

extern const Kind multiple_choice = {
    .name = "multiple_choice",
    .timed = false,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = run,
    .summarise = accuracy_summary,
    .plan = plan,
    .splits = question_splits,
};

}  // namespace moe
