#include "lab/grid.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "harness/durable_file.h"
#include "harness/error.h"
#include "harness/file_lock.h"
#include "lab/card.h"
#include "lab/training_record.h"
#include "lab/training_state.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/save.h"
#include "models/decoder/ops.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

fs::path states_of(const fs::path& out) {
  const fs::path place = out.has_filename() ? out : out.parent_path();  // "model/" is "model"
  return place.string() + ".training";
}

fs::path state_folder(const fs::path& out, double learning_rate) {
  return states_of(out) / fmt::format("learning_rate={}", learning_rate);
}

/// Of those that finished, the one with the least held-out loss.
std::optional<std::size_t> best_of(const std::vector<Trained>& trainings) {
  std::optional<std::size_t> best;
  const auto loss = [&](std::size_t i) { return trainings[i].curve.back().held_out.front().loss; };
  for (std::size_t i = 0; i < trainings.size(); ++i) {
    if (trainings[i].ending == Ending::finished && (!best || loss(i) < loss(*best))) best = i;
  }
  return best;
}

void copy_tokenizer(const fs::path& tokenizer, const fs::path& out) {
  for (const fs::path& file :  // the second names special tokens
       {tokenizer, tokenizer.parent_path() / "tokenizer_config.json"}) {
    std::ifstream in(file, std::ios::binary);
    if (file != tokenizer && !in.good()) continue;
    require(in.good(), "{}: cannot be read", file.string());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    write_durably(out / (file == tokenizer ? "tokenizer.json" : file.filename()), text);
  }
}

/// What the checkpoint itself says, its weights rounded to its dtype.
std::vector<HeldOutScore> scores_of_checkpoint(const TrainConfig& config, const fs::path& folder) {
  const c10::InferenceMode inference;
  Checkpoint checkpoint(folder, config.model);
  const auto ops = torch_ops("cpu", DType::f32);
  Decoder decoder(config.model, *ops, checkpoint);
  const Tokenizer tokenizer = Tokenizer::load(config.tokenizer);
  return held_out_scores(decoder, tokenised(held_out_probes(), tokenizer));
}

/// The trained weights, as they were kept, rounded to the config's dtype.
void write_model(const TrainConfig& config, const fs::path& out,
                 const std::vector<Trained>& trainings, std::size_t best) {
  const double rate = trainings[best].learning_rate;
  const TrainingState state(state_folder(out, rate), training_identity(config, rate));
  Trainer trainer(config, rate);
  state.restore(trainer);
  std::vector<float> values;
  save_checkpoint(out, config.model_json, config.run.dtype, [&](std::string_view parameter) {
    values = trainer.values(parameter);
    return std::span<const float>(values);
  });
  copy_tokenizer(config.tokenizer, out);
  write_durably(out / "README.md",
                model_card(config, trainings, best, scores_of_checkpoint(config, out)));
}

/// A folder that no training of ours left is not written to, nor one with the best of other
/// learning rates than these.
void check_place(const fs::path& out, const std::vector<double>& rates) {
  const bool taken = fs::exists(out) && !(fs::is_directory(out) && fs::is_empty(out));
  require(!taken || fs::exists(states_of(out)),
          "{}: there is something already, and no {} of a training that left it; name another "
          "--out, or remove it",
          out.string(), states_of(out).string());
  if (!fs::exists(states_of(out))) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(states_of(out))) {
    const bool known = std::ranges::any_of(
        rates, [&](double rate) { return entry.path() == state_folder(out, rate); });
    require(known || !fs::is_directory(entry.path()),
            "{}: a training with a learning rate that is not asked for now; name it among the "
            "others (a list: optimizer.learning_rate=[…]), or another --out",
            entry.path().string());
  }
}

}  // namespace

Grid train_grid(const TrainConfig& config, const fs::path& out, Store& store,
                const TrainingHooks& hooks) {
  check_place(out, config.optimizer.learning_rates);
  fs::create_directories(states_of(out));
  const FileLock alone(states_of(out) / "lock");
  Grid grid;
  for (const double rate : config.optimizer.learning_rates) {
    hooks.begin(rate);
    grid.trainings.push_back(train(config, rate, state_folder(out, rate), store, hooks));
    if (grid.trainings.back().ending == Ending::interrupted) return grid;
  }
  grid.ended = true;
  grid.best = best_of(grid.trainings);
  if (grid.best) write_model(config, out, grid.trainings, *grid.best);
  return grid;
}

}  // namespace moe
