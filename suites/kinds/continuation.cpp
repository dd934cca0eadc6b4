// Texts with one continuation each, as LAMBADA's last words: how often the model itself goes on so,
// and the perplexity of the continuations.
#include <algorithm>
#include <array>
#include <cmath>

#include "harness/error.h"
#include "harness/statistics.h"
#include "suites/asking.h"
#include "suites/data.h"
#include "suites/excluded.h"
#include "suites/grading.h"
#include "suites/prompt.h"
#include "suites/python_random.h"
#include "suites/shots.h"

namespace moe {
namespace {

constexpr auto kScoreKeys = std::to_array<std::string_view>({"may_exclude"});
constexpr OptionTable kTables[] = {{"prompt", true, kPromptKeys}, {"score", false, kScoreKeys}};
constexpr Metric kAcc = {"acc", "1", true, true};
constexpr Metric kPerplexity = {"perplexity", "1", false, true};

/// exp(-mean) of log-likelihoods; the interval is that of their mean.
Value perplexity_of(const std::vector<double>& log_likelihoods) {
  const Interval interval = t_interval(log_likelihoods);
  const bool several = log_likelihoods.size() > 1;
  return {&kPerplexity,
          "",
          std::exp(-mean(log_likelihoods)),
          std::exp(-interval.high),
          std::exp(-interval.low),
          several ? bootstrapped_perplexity_error(log_likelihoods) : std::nan(""),
          std::ssize(log_likelihoods)};
}

void check(const Suite& suite) {
  check_prompt(suite);
  check_may_exclude(suite);
}

Summary summarise(const Suite& suite, const CaseRecord& record) {
  std::vector<double> greedy, log_likelihoods;
  Summary summary;
  for (const Answer& answer : record.answers) {
    greedy.push_back(answer.is_greedy ? 1 : 0);
    log_likelihoods.push_back(answer.log_likelihood);
    summary.documents.push_back(
        {answer.task, answer.document,
         Json{{"acc", greedy.back()}, {"perplexity", answer.log_likelihood}}.dump()});
  }
  if (!greedy.empty()) {
    const std::int64_t right = std::ranges::count(greedy, 1.0);
    const Interval interval = wilson_interval(right, std::ssize(greedy));
    summary.values.push_back({&kAcc, "", mean(greedy), interval.low, interval.high,
                              standard_error(greedy), std::ssize(greedy)});
    summary.values.push_back(perplexity_of(log_likelihoods));
  }
  for (Value& value : routing_values(record.routing)) summary.values.push_back(std::move(value));
  add_excluded(suite, record, summary);
  return summary;
}

}  // namespace

extern const Kind continuation = {
    .name = "continuation",
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
