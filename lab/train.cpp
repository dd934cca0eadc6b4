#include "lab/train.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "datasets/world/corpus.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "harness/loads.h"
#include "lab/batches.h"
#include "lab/schedule.h"
#include "lab/training_record.h"
#include "lab/training_state.h"

namespace moe {
namespace {

/// Keeps what is watched up to date: means in which what is long ago fades.
void watch(TrainingView& view, std::int64_t step, const StepReport& report) {
  constexpr double kNew = 0.05;
  const auto mix = [&](double& mean, double now) {
    mean = std::isnan(mean) ? now : mean + kNew * (now - mean);
  };
  mix(view.loss, report.loss);
  view.imbalance_L.resize(report.layers.size(), kUnknown);
  for (std::size_t l = 0; l < report.layers.size(); ++l)
    mix(view.imbalance_L[l], load_imbalance(report.layers[l].tokens_E));
  view.steps = step;
}

CurveTail empty_tail(const Config& model) {
  CurveTail tail;
  for (const LayerSpec& layer : model.layers)
    tail.tokens_LE.emplace_back(static_cast<std::size_t>(layer.feed_forward.experts));
  return tail;
}

void add(CurveTail& tail, const StepReport& report) {
  ++tail.steps;
  tail.loss += report.loss;
  for (const LayerReport& layer : report.layers) {
    std::vector<std::int64_t>& sum = tail.tokens_LE[static_cast<std::size_t>(layer.layer)];
    for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += layer.tokens_E[e];
  }
}

/// Of a training that begins, goes on or has ended.
TrainingView view_of(const TrainConfig& config, const TrainingState& state) {
  const std::vector<CurvePoint>& points = state.curve().points;
  const bool diverged = state.diverged_at() > 0;
  return {.steps = diverged ? state.diverged_at() : state.steps(),
          .of = steps_of(config),
          .imbalance_L = {},
          .held_out = points.empty() ? std::vector<HeldOutScore>() : points.back().held_out,
          .diverged = diverged};
}

/// What a training needs beside its model.
struct Run {
  const TrainConfig& config;
  const TrainingHooks& hooks;
  Trainer& trainer;
  TrainingState& state;
  TrainingRecord& record;
  std::vector<HeldOutSentence> held_out;
};

/// Scores the held-out sentences; whether these are numbers.
bool evaluate(Run& run, std::int64_t step, TrainingView& view, Curve& curve) {
  view.held_out = held_out_scores(run.trainer.decoder(), run.held_out);
  if (!std::ranges::all_of(view.held_out, [](const auto& s) { return std::isfinite(s.loss); }))
    return false;
  run.record.evaluation(step, view.held_out, curve.tail.tokens_LE);
  curve.points.push_back(curve.tail.point(step, view.held_out));
  curve.tail = empty_tail(run.config.model);
  return true;
}

void save(Run& run, const Curve& curve) {
  run.record.flush();
  run.state.save(run.trainer, curve);
}

/// Makes a step and looks at it; whether all of it were numbers.
bool make_step(Run& run, const Batches& batches, TrainingView& view, Curve& curve) {
  const std::int64_t number = run.trainer.steps() + 1;
  const std::vector<TokenId> ids = batches.step(number);
  const double began_s = steady_seconds();
  const StepReport report = run.trainer.step(ids);
  run.record.step(number, report, steady_seconds() - began_s);
  watch(view, number, report);
  add(curve.tail, report);
  if (!std::isfinite(report.loss) || !std::isfinite(report.gradient_norm)) return false;
  const bool at_point = number % run.config.run.evaluate_every == 0 || number == view.of;
  return !at_point || evaluate(run, number, view, curve);
}

/// What stays of a training that diverged is that it did, in the store before the state.
void diverge(Run& run, TrainingView& view, const Curve& curve) {
  run.record.diverged(view.steps, curve.tail.tokens_LE);
  run.record.flush();
  run.state.diverged(view.steps);
  view.diverged = true;
  run.hooks.watch(view);
}

/// Steps until the end, until it is interrupted, or until it diverges: how it ended.
Ending run_steps(Run& run, const Batches& batches) {
  Curve curve = run.state.curve();
  if (run.trainer.steps() == 0) curve.tail = empty_tail(run.config.model);
  TrainingView view = view_of(run.config, run.state);
  double saved_s = steady_seconds();
  run.hooks.watch(view);
  while (run.trainer.steps() < view.of && !run.hooks.interrupted()) {
    if (!make_step(run, batches, view, curve)) {
      diverge(run, view, curve);
      return Ending::diverged;
    }
    run.hooks.watch(view);
    if (view.steps < view.of &&
        steady_seconds() - saved_s > 60 * run.config.run.checkpoint_minutes) {
      save(run, curve);
      saved_s = steady_seconds();
    }
  }
  if (run.trainer.steps() > run.state.steps()) save(run, curve);
  return run.trainer.steps() == view.of ? Ending::finished : Ending::interrupted;
}

/// How a training ended whose state this is; nothing where it goes on.
std::optional<Ending> what_ended(const TrainConfig& config, const TrainingState& state) {
  if (state.diverged_at() > 0) return Ending::diverged;
  if (state.steps() == steps_of(config)) return Ending::finished;
  return std::nullopt;
}

}  // namespace

Trained train(const TrainConfig& config, double learning_rate, const std::filesystem::path& folder,
              Store& store, const TrainingHooks& hooks) {
  TrainingState state(folder, training_identity(config, learning_rate));
  const auto trained = [&](Ending ending) {
    return Trained{.ending = ending,
                   .learning_rate = learning_rate,
                   .diverged_at = state.diverged_at(),
                   .curve = state.curve().points};
  };
  if (const auto ended = what_ended(config, state)) {
    TrainingRecorder::end_unfinished(store, state.id());  // killed between its state and that
    hooks.watch(view_of(config, state));
    return trained(*ended);
  }
  const Tokenizer tokenizer = Tokenizer::load(config.tokenizer);
  require(tokenizer.size() <= config.model.vocab, "{}: {} tokens, the model's vocabulary has {}",
          config.tokenizer.string(), tokenizer.size(), config.model.vocab);
  const WorldCorpus corpus(make_world(kWorldSeed),
                           static_cast<std::uint64_t>(config.data.corpus_seed));
  const Batches batches([&](std::int64_t i) { return corpus.document(i); }, tokenizer, config.data);
  Trainer trainer(config, learning_rate);
  state.restore(trainer);
  TrainingRecord record(store, config, learning_rate, state, hooks.command);
  Run run{.config = config,
          .hooks = hooks,
          .trainer = trainer,
          .state = state,
          .record = record,
          .held_out = tokenised(held_out_probes(), tokenizer)};
  const Ending ending = run_steps(run, batches);
  if (ending != Ending::interrupted) record.end();
  return trained(ending);
}

}  // namespace moe
