// Sparsity: one model at several numbers of experts per token, or with fewer experts to choose
// from, and for each what it scores and what it costs.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "harness/error.h"
#include "models/cost.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asked_suite.h"
#include "suites/asking.h"
#include "suites/expert_choice.h"
#include "suites/grading.h"
#include "suites/timing.h"

namespace moe {
namespace {

constexpr Metric kPrefillRate = {"prefill_tokens_per_s", "1/s", true, false};
constexpr Metric kPrefillStep = {"prefill_step_s", "s", false, false};
constexpr Metric kDecodeRate = {"decode_tokens_per_s", "1/s", true, false};
constexpr Metric kDecodeStep = {"decode_step_s", "s", false, false};
constexpr Metric kFlops = {"flops_per_token", "1", false, true};
constexpr Metric kBytes = {"bytes_per_token", "B", false, true};
constexpr Metric kWeights = {"predicted_weight_bytes", "B", false, true};

constexpr std::string_view kAccuracy = "accuracy";
constexpr auto kPrefillKeys = std::to_array<std::string_view>({"batch", "length"});
constexpr auto kDecodeKeys = std::to_array<std::string_view>({"batch", "context"});
constexpr OptionTable kTables[] = {
    {kAccuracy, true, kAskedKeys}, {"prefill", true, kPrefillKeys}, {"decode", true, kDecodeKeys}};

void check(const Suite& suite) {
  require(!suite.axes.empty(), "axis \"top_k\" or \"experts\" is missing");
  for (const Axis& axis : suite.axes) {
    const bool top_k = axis.name == "top_k";
    require(top_k || axis.name == "experts",
            "axis \"{}\": a suite of kind {} has the axes top_k and experts, or one of them",
            axis.name, suite.kind);
    for (const Json& value : axis.values)
      require(value.is_number_integer() && value >= (top_k ? 1 : 0),
              "axis {}: expected {} numbers, found {}", axis.name,
              top_k ? "positive whole" : "whole", value.dump());
  }
  for (const auto& [table, keys] : {std::pair("prefill", std::span(kPrefillKeys)),
                                    std::pair("decode", std::span(kDecodeKeys))}) {
    for (const std::string_view key : keys) axis_of(suite.options.at(table), key);
  }
  check_asked(suite, kAccuracy);
}

void score(const CaseTask& task, Engine& engine, EventSink& sink) {
  const Suite suite = asked_suite(*task.suite, kAccuracy);
  const CaseTask sub = asked_task(task, kAccuracy, suite);
  ask(sub, engine, sink, questions_of(sub, engine.tokenizer()),
      static_cast<std::int64_t>(sub.done.size()));
}

/// Removes all but the busiest experts on the case's very questions, asked of the whole model first
/// and without a look at what it answers.
void keep_busiest(const CaseTask& task, Engine& engine, std::optional<std::int64_t> top_k,
                  std::int64_t kept, EventSink& sink) {
  CaseTask whole = task;
  whole.done.clear();  // the same experts are kept whatever was answered before
  std::vector<Request> requests;
  for (Question& question : asked_questions(whole, kAccuracy, engine.tokenizer()))
    std::ranges::move(question.requests, std::back_inserter(requests));
  engine.reset_expert_loads();
  const auto total = std::ssize(requests);
  std::int64_t answered = 0;
  engine.score(
      requests, [&](std::size_t, const Scored&) { ++answered; },
      [&] { sink.send(Progress{task.case_key, answered, total, "requests for the loads"}); });
  const RemovedExperts removed = all_but_busiest(engine.expert_loads(), kept);
  engine.reset_expert_loads();
  engine.configure({.top_k = top_k, .removed = removed});
}

/// FLOPs and bytes of decoding one token at the suite's decode point, and of the weights where some
/// experts are removed: of a model without these.
void send_cost(const CaseTask& task, Engine& engine, EventSink& sink, const ExpertChoice& choice) {
  const Json& decode = task.suite->options.at("decode");
  const std::int64_t batch = axis_of(decode, "batch");
  const StepLoad load{
      .batch = batch, .new_tokens = 1, .context = axis_of(decode, "context"), .scored = batch};
  const Config config = choice.kept ? with_experts(engine.config(), *choice.kept) : engine.config();
  const auto tokens = static_cast<double>(batch);
  const auto send = [&](const Metric& metric, double value) {
    sink.send(Sample{task.case_key, std::string(metric.name), "", 0, value});
  };
  send(kFlops, static_cast<double>(step_flops(config, load).total()) / tokens);
  send(kBytes, step_bytes(config, engine.weights(), engine.activation_dtype(), load) / tokens);
  if (task.point.contains("experts"))
    send(kWeights, static_cast<double>(weight_bytes(config, engine.weights()).total()));
}

Verdict measure(const CaseTask& task, Engine& engine, EventSink& sink, const ExpertChoice& choice) {
  const Json& prefill = task.suite->options.at("prefill");
  const Json& decode = task.suite->options.at("decode");
  const TimedShape shapes[] = {{.batch = axis_of(prefill, "batch"),
                                .context = 0,
                                .new_tokens = axis_of(prefill, "length"),
                                .scope = "prefill"},
                               {.batch = axis_of(decode, "batch"),
                                .context = axis_of(decode, "context"),
                                .new_tokens = 1,
                                .scope = "decode"}};
  for (const TimedShape& shape : shapes) {  // before the questions, which take long
    if (auto verdict = cannot_run(engine, shape)) return *verdict;
  }
  send_cost(task, engine, sink, choice);
  if (choice.kept) keep_busiest(task, engine, choice.top_k, *choice.kept, sink);
  if (task.launch == 0) score(task, engine, sink);  // answers do not vary from launch to launch
  for (const TimedShape& shape : shapes) {
    Verdict verdict = time_steps(task, engine, sink, shape);
    if (verdict.outcome != Outcome::ok) return verdict;
  }
  return {};
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  if (!engine.config().is_mixture())
    return {Outcome::skipped, "a dense model has no experts to choose among"};
  const ExpertChoice choice = expert_choice(task.point);
  if (auto verdict = cannot_choose(engine.config(), choice)) return *verdict;
  engine.configure({.top_k = choice.top_k});
  try {
    Verdict verdict = measure(task, engine, sink, choice);
    engine.configure({});
    return verdict;
  } catch (...) {  // the next case of this process must not run with this one's experts
    engine.configure({});
    throw;
  }
}

Summary summarise(const Suite& suite, const CaseRecord& record) {
  Summary summary = accuracy_summary(asked_suite(suite, kAccuracy), record);
  add_speed_values(record, "prefill", kPrefillRate, kPrefillStep, summary.values);
  add_speed_values(record, "decode", kDecodeRate, kDecodeStep, summary.values);
  add_touched_values(record, "decode", summary.values);
  for (const Metric* metric : {&kFlops, &kBytes, &kWeights}) {
    const double x = sample_of(record, metric->name, "");
    if (!std::isnan(x)) summary.values.push_back({metric, "", x, x, x, std::nan(""), 1});
  }
  return summary;
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  return plan_of(asked_questions(task, kAccuracy, tokenizer), max_tokens);
}

}  // namespace

extern const Kind sparsity = {
    .name = "sparsity",
    .timed = true,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = run,
    .summarise = summarise,
    .plan = plan,
    .splits = [](const Suite& suite, const Json&) { return asked_splits(suite, kAccuracy); },
};

}  // namespace moe
