// Prefill: prompts of one length, a batch of them in one step from an empty cache.
#include <array>

#include "suites/timing.h"

namespace moe {
namespace {

constexpr auto kAxes = std::to_array<std::string_view>({"batch", "length"});

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  return time_steps(task, engine, sink,
                    {.batch = axis_of(task.point, "batch"),
                     .context = 0,
                     .new_tokens = axis_of(task.point, "length"),
                     .scope = ""});
}

}  // namespace

extern const Kind prefill = {
    .name = "prefill",
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
