// All trainings of a config, one for each learning rate, and the checkpoint of the best.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "lab/train.h"

namespace moe {

struct Grid {
  std::vector<Trained> trainings;  // in the config's order; one that was interrupted is the last
  bool ended = false;
  std::optional<std::size_t> best;  // of those that finished, the least held-out loss at the end
};

/// Trains what has not ended yet (states lie in `out`.training/), then writes to `out` the best
/// model as a Hugging Face checkpoint: config.json, model.safetensors, the tokenizer's files and
/// README.md, its card; nothing where all diverged. Hooks are told which training is under way by
/// `begin`. Error, before anything is trained, where `out` is something else already.
Grid train_grid(const TrainConfig&, const std::filesystem::path& out, Store&, const TrainingHooks&);

}  // namespace moe
