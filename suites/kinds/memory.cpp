// Memory: what the weights take by part, what a token leaves in the cache, what a step of decoding
// works in, and what the process reaches while a batch is prefilled and decoded.
#include <array>
#include <set>

#include "harness/error.h"
#include "harness/memory.h"
#include "harness/statistics.h"
#include "models/cost.h"
#include "suites/timing.h"

namespace moe {
namespace {

constexpr Metric kWeights = {"weight_bytes", "B", false, true};
constexpr Metric kPredicted = {"predicted_weight_bytes", "B", false, true};
constexpr Metric kKv = {"kv_bytes_per_token", "B", false, true};
constexpr Metric kWorkspace = {"workspace_bytes", "B", false, true};
constexpr Metric kPredictedWorkspace = {"predicted_workspace_bytes", "B", false, true};
constexpr Metric kPeak = {"peak_resident_bytes", "B", false, false};
constexpr auto kAxes = std::to_array<std::string_view>({"batch", "context"});

void send(const CaseTask& task, EventSink& sink, std::string_view metric, std::string_view scope,
          std::int64_t bytes) {
  sink.send(Sample{task.case_key, std::string(metric), std::string(scope), 0,
                   static_cast<double>(bytes)});
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  const std::int64_t batch = axis_of(task.point, "batch"), context = axis_of(task.point, "context");
  const TimedShape shape{.batch = batch, .context = context, .new_tokens = 1, .scope = ""};
  if (auto verdict = cannot_run(engine, shape)) return *verdict;
  const MemoryUse use = engine.memory();
  std::int64_t total = 0;
  for (const auto& [part, bytes] : use.weight_bytes) {
    send(task, sink, "weight_bytes", part, bytes);
    total += bytes;
  }
  send(task, sink, "weight_bytes", "", total);
  send(task, sink, "predicted_weight_bytes", "",
       weight_bytes(engine.config(), engine.weights()).total());
  send(task, sink, "kv_bytes_per_token", "", use.kv_bytes_per_token);
  send(task, sink, "predicted_workspace_bytes", "", engine.workspace_bytes(load_of(shape)));
  if (!reset_peak_resident())
    sink.send(
        LogLine{"warning",
                "the kernel does not let the peak be reset: peak_resident_bytes includes loading"});
  const auto loop =
      engine.step_loop({.batch = batch,
                        .context = context,
                        .new_tokens = 1,
                        .ids = random_ids(batch * (context + 1), engine.config().vocab, 1)});
  loop->run();
  loop->run();  // which lets go of what filling in the context left
  if (const std::int64_t left = engine.memory().workspace_bytes; left > 0)
    send(task, sink, "workspace_bytes", "", left);
  if (use.on_host) send(task, sink, "peak_resident_bytes", "", peak_resident_bytes());
  return {};
}

/// One reading a launch: their mean, and how far launches differ.
Value value_of(const CaseRecord& record, const Metric& metric, const std::string& scope) {
  std::vector<double> readings;
  for (const std::vector<double>& launch : samples_of(record, metric.name, scope))
    readings.push_back(launch.front());
  const Interval interval = t_interval(readings);
  return {&metric,
          scope,
          mean(readings),
          interval.low,
          interval.high,
          standard_error(readings),
          static_cast<std::int64_t>(readings.size())};
}

Summary summarise(const Suite&, const CaseRecord& record) {
  Summary summary;
  for (const Metric* metric :
       {&kWeights, &kPredicted, &kKv, &kWorkspace, &kPredictedWorkspace, &kPeak}) {
    std::set<std::string> scopes;
    for (const CaseRecord::Launch& launch : record.launches) {
      for (const Sample& s : launch.samples) {
        if (s.metric == metric->name) scopes.insert(s.scope);
      }
    }
    for (const std::string& scope : scopes)
      summary.values.push_back(value_of(record, *metric, scope));
  }
  return summary;
}

}  // namespace

extern const Kind memory = {
    .name = "memory",
    .timed = true,
    .questions = false,
    .tables = {},
    .check = [](const Suite& suite) { check_axes(suite, kAxes); },
    .run = run,
    .summarise = summarise,
    .plan = nullptr,
    .splits = nullptr,
};

}  // namespace moe
