#include "suites/timing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/error.h"
#include "harness/memory.h"
#include "harness/random.h"
#include "harness/sampling.h"
#include "harness/statistics.h"
#include "models/cost.h"

namespace moe {
namespace {

constexpr std::uint64_t kPromptSeed = 20240607;
// Sets of new tokens that take turns. Where a step's own tokens are many, as in prefill, few do:
// they spread over the experts by themselves, and every round is run once more to see which.
constexpr std::int64_t kMostRounds = 16, kFewestRounds = 2, kRoundTokens = 4096;

std::int64_t rounds_of(const TimedShape& shape) {
  return std::clamp(kRoundTokens / (shape.batch * shape.new_tokens), kFewestRounds, kMostRounds);
}

void send_prompts(const CaseTask& task, EventSink& sink, const TimedShape& shape) {
  const Json facts = {{"prompts", "seeded random ids"}, {"seed", kPromptSeed},
                      {"batch", shape.batch},           {"context", shape.context},
                      {"new_tokens", shape.new_tokens}, {"rounds", rounds_of(shape)}};
  sink.send(Document{task.case_key, shape.scope.empty() ? "prompts" : "prompts." + shape.scope, 0,
                     "", facts.dump()});
}

/// What a step has to do at least, with the experts that it touches.
void send_load(const CaseTask& task, const Engine& engine, EventSink& sink, const TimedShape& shape,
               std::span<const double> touched) {
  const StepLoad load = load_of(shape);
  const double experts = touched.empty() ? 0 : mean(touched);
  sink.send(Sample{
      task.case_key, "step_bytes", shape.scope, 0,
      step_bytes(engine.config(), engine.weights(), engine.activation_dtype(), load, experts)});
  sink.send(Sample{task.case_key, "step_flops", shape.scope, 0,
                   static_cast<double>(step_flops(engine.config(), load).total())});
}

/// Bytes beside the weights: keys and values, and what the step and those before it, which fill in
/// its context, work in.
std::int64_t step_memory(const Engine& engine, const TimedShape& shape) {
  const std::int64_t kv = kv_bytes_per_token(engine.config(), engine.activation_dtype()) *
                          shape.batch * (shape.context + shape.new_tokens);
  const std::int64_t step = engine.workspace_bytes(load_of(shape));
  if (shape.context == 0) return kv + step;
  const std::int64_t most = std::max<std::int64_t>(1, kPrefillTokens / shape.batch);
  return kv + std::max(step, engine.workspace_bytes({.batch = shape.batch,
                                                     .new_tokens = std::min(shape.context, most),
                                                     .context = 0,
                                                     .scored = 0}));
}

void sample_loop(const CaseTask& task, StepLoop& loop, EventSink& sink, const TimedShape& shape) {
  const Measure& measure = task.suite->measure;
  std::int64_t tokens = 0;
  const auto step = [&] {
    const StepReading reading = loop.run();
    tokens = reading.tokens;
    return reading.seconds;
  };
  const SamplingRule rule{.warmup = measure.warmup,
                          .min_samples = measure.min_samples,
                          .below = measure.below,
                          .timeout_s = measure.timeout_s};
  const StopReason stop =
      sample_until(rule, steady_seconds, step, [&](std::int64_t index, double seconds) {
        sink.send(Sample{task.case_key, "step_s", shape.scope, index, seconds});
        sink.send(
            Sample{task.case_key, "step_tokens", shape.scope, index, static_cast<double>(tokens)});
        sink.send(Progress{task.case_key, index + 1, std::max(measure.min_samples, index + 1),
                           "samples"});
      });
  const bool out_of_time = stop == StopReason::out_of_time;
  sink.send(Sample{task.case_key, "out_of_time", shape.scope, 0, out_of_time ? 1.0 : 0.0});
  if (out_of_time) {
    sink.send(LogLine{
        "warning",
        fmt::format("{}{}stopped after {:.0f} s, before the interval was within {} % of the median",
                    shape.scope, shape.scope.empty() ? "" : ": ", measure.timeout_s,
                    100 * measure.below)});
  }
}

}  // namespace

StepLoad load_of(const TimedShape& shape) {
  return {.batch = shape.batch,
          .new_tokens = shape.new_tokens,
          .context = shape.context,
          .scored = shape.batch};
}

double explained_by(DType activations) {
  if (activations == DType::f32) return 1e-4;
  return activations == DType::f16 ? 1e-2 : 5e-2;
}

double explained_by(const Engine& engine) {
  return engine.capabilities().invariant ? 0 : explained_by(engine.activation_dtype());
}

std::vector<TokenId> random_ids(std::int64_t count, std::int64_t vocabulary, std::uint64_t seed) {
  Random random(seed);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < count; ++i)
    ids.push_back(static_cast<TokenId>(random.below(vocabulary)));
  return ids;
}

std::optional<Verdict> cannot_run(const Engine& engine, const TimedShape& shape) {
  const std::int64_t length = shape.context + shape.new_tokens;
  if (length > engine.capabilities().max_tokens) {
    return Verdict{Outcome::skipped, fmt::format("{} tokens a sequence; the model takes {}{}",
                                                 length, engine.capabilities().max_tokens,
                                                 reason_for_max_positions(engine.config()))};
  }
  const std::int64_t available = engine.memory().available_bytes;
  const std::int64_t needed = step_memory(engine, shape);
  if (needed <= available) return std::nullopt;
  return Verdict{Outcome::out_of_memory,
                 fmt::format("the step takes at least {} beside the weights, {} are available",
                             text_of_bytes(needed), text_of_bytes(available))};
}

Verdict time_steps(const CaseTask& task, Engine& engine, EventSink& sink, const TimedShape& shape) {
  if (auto verdict = cannot_run(engine, shape)) return *verdict;
  send_prompts(task, sink, shape);
  const std::int64_t rounds = rounds_of(shape), each = shape.context + rounds * shape.new_tokens;
  const auto loop =
      engine.step_loop({.batch = shape.batch,
                        .context = shape.context,
                        .new_tokens = shape.new_tokens,
                        .rounds = rounds,
                        .ids = random_ids(shape.batch * each, engine.config().vocab, kPromptSeed)});
  const double bound = task.suite->max_logit_difference > 0 ? task.suite->max_logit_difference
                                                            : explained_by(engine);
  const double difference = loop->check();
  sink.send(Sample{task.case_key, "check_difference", shape.scope, 0, difference});
  if (!std::isfinite(difference))
    return {Outcome::wrong, "the logits are not finite, or all of them are 0: nothing to compare"};
  if (!(difference <= bound)) {
    return {Outcome::wrong, fmt::format("logits with the cache differ from those without by {:.2g} "
                                        "of the largest; {:.2g} is explained",
                                        difference, bound)};
  }
  const std::vector<double> touched = loop->experts_touched();
  for (std::size_t layer = 0; layer < touched.size(); ++layer) {
    sink.send(Sample{task.case_key, "experts_touched", layer_scope(shape.scope, layer), 0,
                     touched[layer]});
  }
  send_load(task, engine, sink, shape, touched);
  sample_loop(task, *loop, sink, shape);
  return {};
}

std::int64_t axis_of(const Json& point, std::string_view axis) {
  const auto found = point.find(axis);
  require(found != point.end() && found->is_number_integer() && *found > 0,
          "axis {}: expected a positive whole number in {}", axis, point.dump());
  return found->get<std::int64_t>();
}

void check_axes(const Suite& suite, std::span<const std::string_view> axes) {
  for (const Axis& axis : suite.axes)
    require(std::ranges::find(axes, axis.name) != axes.end(),
            "axis \"{}\": a suite of kind {} has the axes {}", axis.name, suite.kind,
            fmt::join(axes, ", "));
  for (const std::string_view name : axes) {
    const auto axis = std::ranges::find(suite.axes, name, &Axis::name);
    require(axis != suite.axes.end(), "axis \"{}\" is missing", name);
    for (const Json& value : axis->values)
      require(value.is_number_integer() && value > 0,
              "axis {}: expected positive whole numbers, found {}", name, value.dump());
  }
}

}  // namespace moe
