// Prefill: prompts of one length, a batch of them in one step from an empty cache.
#include <array>

#include "suites/timing.h"

namespace moe {
namespace {

constexpr Metric kRate = {"tokens_per_s", "1/s", true, false};
constexpr Metric kStep = {"step_s", "s", false, false};
constexpr auto kAxes = std::to_array<std::string_view>({"batch", "length"});

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  return time_steps(task, engine, sink,
                    {.batch = axis_of(task.point, "batch"),
                     .context = 0,
                     .new_tokens = axis_of(task.point, "length"),
                     .scope = ""});
}

Summary summarise(const Suite&, const CaseRecord& record) {
  Summary summary;
  add_speed_values(record, "", kRate, kStep, summary.values);
  add_touched_values(record, "", summary.values);
  return summary;
}

}  // namespace

extern const Kind prefill = {
    .name = "prefill",
    .timed = true,
    .questions = false,
    .tables = {},
    .check = [](const Suite& suite) { check_axes(suite, kAxes); },
    .run = run,
    .summarise = summarise,
    .plan = nullptr,
};

}  // namespace moe
