// Decode: one token per step for every sequence of a batch, at a fixed context.
#include <array>

#include "suites/timing.h"

namespace moe {
namespace {

constexpr auto kAxes = std::to_array<std::string_view>({"batch", "context"});

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  return time_steps(task, engine, sink,
                    {.batch = axis_of(task.point, "batch"),
                     .context = axis_of(task.point, "context"),
                     .new_tokens = 1,
                     .scope = ""});
}

}  // namespace

extern const Kind decode = {
    .name = "decode",
    .timed = true,
    .questions = false,
    .tables = {},
    .check = [](const Suite& suite) { check_axes(suite, kAxes); },
    .run = run,
    .summarise = [](const Suite&, const CaseRecord& record) { return speed_summary(record); },
    .plan = nullptr,
    .splits = nullptr,
};

}  // namespace moe
