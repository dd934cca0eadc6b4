#include "lab/training_record.h"

#include "datasets/world/corpus.h"
#include "harness/build_info.h"
#include "harness/error.h"
#include "harness/loads.h"
#include "harness/sha256.h"
#include "lab/schedule.h"
#include "models/tokenizer/tokenizer.h"

namespace moe {
namespace {

/// Another one where the same settings train to other bits.
constexpr int kTrainerVersion = 2;

TrainingRow row_of(const TrainConfig& config, double learning_rate, const std::string& id,
                   const std::string& command) {
  const std::int64_t tokens = steps_of(config) * tokens_per_step(config);
  return {.identity = id,
          .name = config.name,
          .config_toml = config.toml,
          .model_json = config.model_json.dump(),
          .data = fmt::format("{}, seed {}", config.data.corpus, config.data.corpus_seed),
          .data_digest = data_digest(config),
          .tokenizer_digest = Tokenizer::load(config.tokenizer).digest(),
          .seed = config.seed,
          .learning_rate = learning_rate,
          .threads = config.run.threads,
          .planned_tokens = tokens,
          .flops_per_token = training_flops(config) / static_cast<double>(tokens),
          .build = build_line(),
          .command = command,
          .environment = this_machine()};
}

}  // namespace

TrainingRecord::TrainingRecord(Store& store, const TrainConfig& config, double learning_rate,
                               const TrainingState& state, const std::string& command)
    : recorder_(store, row_of(config, learning_rate, state.id(), command), state.steps()),
      drops_(config.router.capacity > 0),
      tokens_per_step_(tokens_per_step(config)) {}

void TrainingRecord::step(std::int64_t step, const StepReport& report, double seconds) {
  const std::pair<const char*, double> values[] = {
      {"loss", report.loss},
      {"tokens", static_cast<double>(step * tokens_per_step_)},
      {"gradient_norm", report.gradient_norm},
      {"learning_rate", report.learning_rate},
      {"step_s", seconds}};
  for (const auto& [metric, value] : values) recorder_.value(step, kWholeModel, metric, value);
  for (const LayerReport& layer : report.layers) of_layer(step, layer);
}

void TrainingRecord::of_layer(std::int64_t step, const LayerReport& layer) {
  const std::pair<const char*, double> values[] = {
      {"balance_loss", layer.balance},
      {"router_z_loss", layer.z},
      {"routing_entropy", load_entropy(layer.tokens_E)},
      {"load_imbalance", load_imbalance(layer.tokens_E)},
      {"dead_experts", static_cast<double>(dead_experts(layer.tokens_E))}};
  for (const auto& [metric, value] : values) recorder_.value(step, layer.layer, metric, value);
  if (drops_)
    recorder_.value(step, layer.layer, "dropped_choices", static_cast<double>(layer.dropped));
}

void TrainingRecord::evaluation(std::int64_t step, const std::vector<HeldOutScore>& scores,
                                const std::vector<std::vector<std::int64_t>>& loads) {
  for (const HeldOutScore& score : scores) {
    const std::string of = score.type.empty() ? "" : "_" + score.type;
    recorder_.value(step, kWholeModel, "held_out_loss" + of, score.loss);
    recorder_.value(step, kWholeModel, "held_out_exact" + of, score.exact);
  }
  this->loads(step, loads);
}

void TrainingRecord::diverged(std::int64_t step,
                              const std::vector<std::vector<std::int64_t>>& loads) {
  recorder_.value(step, kWholeModel, kDiverged, 1);
  this->loads(step, loads);
}

void TrainingRecord::loads(std::int64_t step, const std::vector<std::vector<std::int64_t>>& loads) {
  for (std::size_t layer = 0; layer < loads.size(); ++layer) {
    if (!loads[layer].empty()) recorder_.load(step, static_cast<std::int64_t>(layer), loads[layer]);
  }
}

std::string data_digest(const TrainConfig& config) {
  return corpus_digest(make_world(kWorldSeed), static_cast<std::uint64_t>(config.data.corpus_seed));
}

std::string training_identity(const TrainConfig& config, double learning_rate) {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", kTrainerVersion, config.decisive,
                                config.model_json.dump(), data_digest(config),
                                Tokenizer::load(config.tokenizer).digest(), learning_rate,
                                probes_digest(held_out_probes())));
}

}  // namespace moe
