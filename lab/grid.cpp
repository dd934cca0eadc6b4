#include "lab/grid.h"

#include <algorithm>
#include <limits>

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

/// That of one that diverged is above all.
double final_loss(const Trained& trained) {
  if (trained.ending == Ending::diverged) return std::numeric_limits<double>::infinity();
  require(!trained.curve.empty(), "a training that finished without a point of its curve");
  return trained.curve.back().held_out.front().loss;
}

std::size_t best_of(const std::vector<Trained>& trainings) {
  const auto best = std::ranges::min_element(trainings, {}, final_loss);
  std::string diverged;
  for (const Trained& t : trainings)
    diverged += fmt::format("{}{} at step {}", diverged.empty() ? "" : ", ", t.learning_rate,
                            t.diverged_at);
  require(best->ending == Ending::finished,
          "no learning rate reached the end; loss or gradient were no finite numbers: {}", diverged);
  return static_cast<std::size_t>(best - trainings.begin());
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
    if (grid.trainings.back().ending == Ending::interrupted) return grid;
  }
  grid.ended = true;
  grid.best = best_of(grid.trainings);
  write_model(config, out, grid);
  return grid;
}

}  // namespace moe
