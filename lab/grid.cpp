#include "lab/grid.h"

#include <algorithm>

#include "harness/durable_file.h"
#include "harness/error.h"
#include "lab/card.h"
#include "lab/training_record.h"
#include "lab/training_state.h"
#include "models/checkpoint/save.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

fs::path state_folder(const fs::path& out, double learning_rate) {
  const fs::path place = out.has_filename() ? out : out.parent_path();  // "model/" is "model"
  return fs::path(place.string() + ".training") / fmt::format("learning_rate={}", learning_rate);
}

double final_loss(const Trained& trained) {
  require(!trained.curve.empty(), "a training that ended without a point of its curve");
  return trained.curve.back().held_out.front().loss;
}

void copy_tokenizer(const fs::path& tokenizer, const fs::path& out) {
  fs::copy_file(tokenizer, out / "tokenizer.json", fs::copy_options::overwrite_existing);
  const fs::path names = tokenizer.parent_path() / "tokenizer_config.json";  // of special tokens
  if (fs::exists(names))
    fs::copy_file(names, out / names.filename(), fs::copy_options::overwrite_existing);
}

/// The trained weights, as they were kept, rounded to the config's dtype.
void write_model(const TrainConfig& config, const fs::path& out, const Grid& grid) {
  const double rate = grid.trainings[grid.best].learning_rate;
  const TrainingState state(state_folder(out, rate), training_identity(config, rate));
  Trainer trainer(config, rate);
  state.restore(trainer);
  std::vector<float> values;
  save_checkpoint(out, config.model_json, config.run.dtype, [&](std::string_view parameter) {
    values = trainer.values(parameter);
    return std::span<const float>(values);
  });
  copy_tokenizer(config.tokenizer, out);
  write_durably(out / "README.md", model_card(config, grid.trainings, grid.best));
}

}  // namespace

Grid train_grid(const TrainConfig& config, const fs::path& out, Store& store,
                const TrainingHooks& hooks) {
  if (out.has_parent_path()) fs::create_directories(out.parent_path());
  Grid grid;
  for (const double rate : config.optimizer.learning_rates) {
    hooks.begin(rate);
    grid.trainings.push_back(train(config, rate, state_folder(out, rate), store, hooks));
    if (!grid.trainings.back().ended) return grid;
  }
  grid.ended = true;
  grid.best = static_cast<std::size_t>(std::ranges::min_element(grid.trainings, {}, final_loss) -
                                       grid.trainings.begin());
  write_model(config, out, grid);
  return grid;
}

}  // namespace moe
