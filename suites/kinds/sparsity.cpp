// Sparsity: one model at several numbers of experts per token, and for each what it scores and what
// it costs.
#include <array>
#include <cmath>

#include "harness/error.h"
#include "models/cost.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asking.h"
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

constexpr auto kAxes = std::to_array<std::string_view>({"top_k"});
constexpr auto kAccuracyKeys = std::to_array<std::string_view>({"suite", "limit", "shots"});
constexpr auto kPrefillKeys = std::to_array<std::string_view>({"batch", "length"});
constexpr auto kDecodeKeys = std::to_array<std::string_view>({"batch", "context"});
constexpr OptionTable kTables[] = {{"accuracy", true, kAccuracyKeys},
                                   {"prefill", true, kPrefillKeys},
                                   {"decode", true, kDecodeKeys}};

/// The suite that [accuracy] names, as it is asked here: with the number of examples given here,
/// or with its own.
Suite accuracy_suite(const Suite& suite) {
  const Json& options = suite.options.at("accuracy");
  Suite accuracy = find_suite(options.at("suite").get<std::string>());
  if (options.contains("shots")) accuracy.axes = {{"shots", {options["shots"]}}};
  return accuracy;
}

void check(const Suite& suite) {
  check_axes(suite, kAxes);
  for (const auto& [table, keys] : {std::pair("prefill", std::span(kPrefillKeys)),
                                    std::pair("decode", std::span(kDecodeKeys))}) {
    for (const std::string_view key : keys) axis_of(suite.options.at(table), key);
  }
  const Json& options = suite.options.at("accuracy");
  for (const char* key : {"limit", "shots"})
    require(!options.contains(key) || (options[key].is_number_integer() && options[key] >= 0),
            "[accuracy]: {}: expected a whole number", key);
  require(!options.at("suite").get<std::string>().ends_with(".toml"),
          "[accuracy]: suite: expected a bundled suite's name, which is part of what this suite's "
          "version stands for");
  const Suite accuracy = accuracy_suite(suite);
  require(accuracy.kind == "multiple_choice",
          "[accuracy]: suite {} is of kind {}, expected multiple_choice", accuracy.name,
          accuracy.kind);
  require(accuracy.dataset == suite.dataset && accuracy.split == suite.split,
          "[accuracy]: suite {} asks {} {}, this one {} {}", accuracy.name, accuracy.dataset,
          accuracy.split, suite.dataset, suite.split);
  for (const Axis& axis : accuracy.axes)
    require(axis.values.size() == 1,
            "[accuracy]: suite {} asks with {} values of {}; say which by `{}`", accuracy.name,
            axis.values.size(), axis.name, axis.name);
  try {
    find_kind(accuracy.kind).check(accuracy);
  } catch (const Error& error) {
    throw error.while_doing(fmt::format("[accuracy]: suite {}", accuracy.name));
  }
}

/// The accuracy part of a case as a case of its suite.
CaseTask accuracy_task(const CaseTask& task, const Suite& accuracy) {
  const std::int64_t limit = task.suite->options.at("accuracy").value("limit", std::int64_t{-1});
  CaseTask sub = task;
  sub.suite = &accuracy;
  sub.limit = task.limit < 0 ? limit : limit < 0 ? task.limit : std::min(limit, task.limit);
  sub.point = points(accuracy, {}).front();
  return sub;
}

void score(const CaseTask& task, Engine& engine, EventSink& sink) {
  const Suite suite = accuracy_suite(*task.suite);
  const CaseTask sub = accuracy_task(task, suite);
  ask(sub, engine, sink, questions_of(sub, engine.tokenizer()),
      static_cast<std::int64_t>(sub.done.size()));
}

/// FLOPs and bytes of decoding one token at the suite's decode point.
void send_cost(const CaseTask& task, Engine& engine, EventSink& sink) {
  const Json& decode = task.suite->options.at("decode");
  const std::int64_t batch = axis_of(decode, "batch");
  const StepLoad load{
      .batch = batch, .new_tokens = 1, .context = axis_of(decode, "context"), .scored = batch};
  const double tokens = static_cast<double>(batch);
  sink.send(Sample{task.case_key, "flops_per_token", "", 0,
                   static_cast<double>(step_flops(engine.config(), load).total()) / tokens});
  sink.send(Sample{task.case_key, "bytes_per_token", "", 0,
                   step_bytes(engine.config(), engine.dtype(), engine.dtype(), load) / tokens});
}

Verdict measure(const CaseTask& task, Engine& engine, EventSink& sink) {
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
  send_cost(task, engine, sink);
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
  const std::int64_t top_k = axis_of(task.point, "top_k");
  for (const LayerSpec& layer : engine.config().layers) {
    const std::int64_t experts = layer.feed_forward.experts;
    if (experts > 0 && top_k > experts)
      return {Outcome::skipped, fmt::format("top_k {} of {} experts", top_k, experts)};
  }
  engine.configure({.top_k = top_k});
  try {
    Verdict verdict = measure(task, engine, sink);
    engine.configure({});
    return verdict;
  } catch (...) {  // the next case of this process must not run with this one's experts
    engine.configure({});
    throw;
  }
}

Summary summarise(const Suite& suite, const CaseRecord& record) {
  Summary summary = accuracy_summary(accuracy_suite(suite), record);
  add_speed_values(record, "prefill", kPrefillRate, kPrefillStep, summary.values);
  add_speed_values(record, "decode", kDecodeRate, kDecodeStep, summary.values);
  add_touched_values(record, "decode", summary.values);
  for (const Metric* metric : {&kFlops, &kBytes}) {
    const double x = sample_of(record, metric->name, "");
    if (!std::isnan(x)) summary.values.push_back({metric, "", x, x, x, std::nan(""), 1});
  }
  return summary;
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  const Suite suite = accuracy_suite(*task.suite);
  return plan_of(questions_of(accuracy_task(task, suite), tokenizer), max_tokens);
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
    .splits =
        [](const Suite& suite, const Json&) {
          const Suite accuracy = accuracy_suite(suite);
          return question_splits(accuracy, points(accuracy, {}).front());
        },
};

}  // namespace moe
