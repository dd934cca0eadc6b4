#include "lab/train.h"

#include <algorithm>
#include <cmath>

#include "datasets/world/corpus.h"
#include "datasets/world/probes.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "lab/batches.h"
#include "lab/loads.h"
#include "lab/schedule.h"
#include "lab/training_record.h"
#include "lab/training_state.h"

namespace moe {
namespace {

constexpr std::int64_t kSentencesOfAType = 500;  // held out
constexpr std::uint64_t kHeldOutSeed = 1;

/// Keeps what is watched up to date: means in which what is long ago fades.
void watch(TrainingView& view, std::int64_t step, const StepReport& report) {
  constexpr double kNew = 0.05;
  const auto mix = [&](double& mean, double now) {
    mean = view.steps == 0 ? now : mean + kNew * (now - mean);
  };
  mix(view.loss, report.loss);
  view.imbalance_L.resize(report.layers.size());
  for (std::size_t l = 0; l < report.layers.size(); ++l)
    mix(view.imbalance_L[l], load_imbalance(report.layers[l].tokens_E));
  view.steps = step;
}

/// What has been seen since the last point of the curve.
class Seen {
 public:
  explicit Seen(const Config& model) {
    for (const LayerSpec& layer : model.layers)
      loads_.emplace_back(static_cast<std::size_t>(layer.feed_forward.experts));
  }

  void add(const StepReport& report) {
    loss_ += report.loss;
    ++steps_;
    for (const LayerReport& layer : report.layers) {
      std::vector<std::int64_t>& sum = loads_[static_cast<std::size_t>(layer.layer)];
      for (std::size_t e = 0; e < sum.size(); ++e) sum[e] += layer.tokens_E[e];
    }
  }

  /// By layer; empty where it has no mixture.
  const std::vector<std::vector<std::int64_t>>& loads() const { return loads_; }

  /// The point at `step`; counting begins anew.
  CurvePoint point(std::int64_t step, std::vector<HeldOutScore> held_out) {
    CurvePoint point{.step = step,
                     .loss = loss_ / static_cast<double>(steps_),
                     .held_out = std::move(held_out),
                     .imbalance_L = {},
                     .dead_L = {}};
    for (std::vector<std::int64_t>& load : loads_) {
      if (load.empty()) continue;
      point.imbalance_L.push_back(load_imbalance(load));
      point.dead_L.push_back(dead_experts(load));
      std::ranges::fill(load, 0);
    }
    loss_ = 0;
    steps_ = 0;
    return point;
  }

 private:
  double loss_ = 0;
  std::int64_t steps_ = 0;
  std::vector<std::vector<std::int64_t>> loads_;
};

/// What a training needs beside its model.
struct Run {
  const TrainConfig& config;
  const TrainingHooks& hooks;
  Trainer& trainer;
  TrainingState& state;
  TrainingRecord& record;
  std::vector<HeldOutSentence> held_out;
};

/// Steps until the end, or until it is interrupted; the curve.
std::vector<CurvePoint> run_steps(Run& run, const Batches& batches) {
  const std::int64_t last = steps_of(run.config);
  TrainingView view{.of = last, .imbalance_L = {}, .held_out = {}};
  Seen seen(run.config.model);
  std::vector<CurvePoint> curve = run.state.curve();
  double saved_s = steady_seconds();
  while (run.trainer.steps() < last && !run.hooks.interrupted()) {
    const std::int64_t number = run.trainer.steps() + 1;
    const double began_s = steady_seconds();
    const StepReport report = run.trainer.step(batches.step(number));
    require(std::isfinite(report.loss), "the loss of step {} is {}", number, report.loss);
    run.record.step(number, report, steady_seconds() - began_s);
    watch(view, number, report);
    seen.add(report);
    const bool evaluate = number % run.config.run.evaluate_every == 0 || number == last;
    if (evaluate) {
      view.held_out = held_out_scores(run.trainer.decoder(), run.held_out);
      run.record.evaluation(number, view.held_out, seen.loads());
      curve.push_back(seen.point(number, view.held_out));
    }
    run.hooks.watch(view);
    // Only here, so that what a training that goes on has seen begins anew in either.
    if (evaluate &&
        (number == last || steady_seconds() - saved_s > 60 * run.config.run.checkpoint_minutes)) {
      run.record.flush();
      run.state.save(run.trainer, curve);
      saved_s = steady_seconds();
    }
  }
  return curve;
}

}  // namespace

Trained train(const TrainConfig& config, double learning_rate, const std::filesystem::path& folder,
              Store& store, const TrainingHooks& hooks) {
  TrainingState state(folder, training_identity(config, learning_rate));
  const Tokenizer tokenizer = Tokenizer::load(config.tokenizer);
  require(tokenizer.size() <= config.model.vocab, "{}: {} tokens, the model's vocabulary has {}",
          config.tokenizer.string(), tokenizer.size(), config.model.vocab);
  const World world = make_world(kWorldSeed);
  const WorldCorpus corpus(world, static_cast<std::uint64_t>(config.data.corpus_seed));
  const Batches batches([&](std::int64_t i) { return corpus.document(i); }, tokenizer, config.data);
  const std::int64_t last = steps_of(config);
  if (state.steps() == last) {
    TrainingRecorder::end_unfinished(store, state.id());  // killed between its state and that
    return {.ended = true, .learning_rate = learning_rate, .curve = state.curve()};
  }
  Trainer trainer(config, learning_rate);
  state.restore(trainer);
  TrainingRecord record(store, config, learning_rate, state, hooks.command);
  Run run{.config = config,
          .hooks = hooks,
          .trainer = trainer,
          .state = state,
          .record = record,
          .held_out = tokenised(world_probes(world, kSentencesOfAType, kHeldOutSeed), tokenizer)};
  Trained trained{.ended = false, .learning_rate = learning_rate, .curve = {}};
  trained.curve = run_steps(run, batches);
  trained.ended = trainer.steps() == last;
  if (trained.ended) record.end();
  return trained;
}

}  // namespace moe
