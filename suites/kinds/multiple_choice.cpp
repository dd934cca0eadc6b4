// Accuracy by log-likelihood: the choice that the model finds likeliest is its answer.
#include <algorithm>
#include <array>

#include "harness/error.h"
#include "suites/asking.h"
#include "suites/calibration.h"
#include "suites/excluded.h"
#include "suites/grading.h"
#include "suites/prompt.h"
#include "suites/shots.h"

namespace moe {
namespace {

constexpr auto kScoreKeys = std::to_array<std::string_view>({"metrics", "may_exclude"});
constexpr OptionTable kTables[] = {
    {"prompt", true, kPromptKeys}, {"score", false, kScoreKeys}, {"groups", false, {}}};

void check(const Suite& suite) {
  check_prompt(suite);
  check_groups(suite);
  check_may_exclude(suite);
  const auto metrics = suite.options.value("score", Json::object())
                           .value("metrics", std::vector<std::string>{"acc"});
  require(!metrics.empty(), "[score]: metrics: expected at least one");
  for (const std::string& metric : metrics) {
    require(std::ranges::find(kShareNames, metric) != std::end(kShareNames),
            "[score]: unknown metric \"{}\"; known are {}", metric, fmt::join(kShareNames, ", "));
    require(std::ranges::count(metrics, metric) == 1, "[score]: metrics: \"{}\" is given twice",
            metric);
  }
}

Summary summarise(const Suite& suite, const CaseRecord& record) {
  const std::vector<Graded> graded = grade(record);
  Summary summary = accuracy_summary(suite, record, graded);
  for (Value& value : calibration_values(suite, graded, record.answers))
    summary.values.push_back(std::move(value));
  return summary;
}

}  // namespace

extern const Kind multiple_choice = {
    .name = "multiple_choice",
    .timed = false,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = ask_choices,
    .summarise = summarise,
    .plan = plan_choices,
    .splits = question_splits,
};

}  // namespace moe
