// Decode: one token per step for every sequence of a batch, at a fixed context.
#include <array>

#include "suites/timing.h"

namespace moe {
namespace {

constexpr Metric kRate = {"tokens_per_s", "1/s", true, false};
constexpr Metric kStep = {"step_s", "s", false, false};
constexpr auto kAxes = std::to_array<std::string_view>({"batch", "context"});

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  return time_steps(task, engine, sink,
                    {.batch = axis_of(task.point, "batch"),
                     .context = axis_of(task.point, "context"),
                     .new_tokens = 1,
                     .scope = ""});
}

Summary summarise(const Suite&, const CaseRecord& record) {
  Summary summary;
  add_speed_values(record, "", kRate, kStep, summary.values);
  add_touched_values(record, "", summary.values);
  return summary;
}

}  // namespace

extern const Kind decode = {
    .name = "decode",
    .timed = true,
    .questions = false,
    .tables = {},
    .check = [](const Suite& suite) { check_axes(suite, kAxes); },
    .run = run,
    .summarise = summarise,
    .plan = nullptr,
};

}  // namespace moe
