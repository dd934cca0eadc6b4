// What a training writes to the store.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/held_out.h"
#include "lab/train_config.h"
#include "lab/trainer.h"
#include "lab/training_state.h"
#include "results/training_recorder.h"

namespace moe {

class TrainingRecord {
 public:
  /// Goes on behind the state's steps where the store has an unfinished training of its id.
  TrainingRecord(Store&, const TrainConfig&, double learning_rate, const TrainingState&,
                 const std::string& command);

  void step(std::int64_t step, const StepReport&, double seconds);

  /// Scores, and the loads of the steps since the last time, by layer.
  void evaluation(std::int64_t step, const std::vector<HeldOutScore>&,
                  const std::vector<std::vector<std::int64_t>>& loads);

  /// That this step was the last one, and the loads since the last evaluation.
  void diverged(std::int64_t step, const std::vector<std::vector<std::int64_t>>& loads);

  /// Before the state is saved: the store then has every step that the state has.
  void flush() { recorder_.flush(); }
  void end() { recorder_.end(); }

 private:
  void of_layer(std::int64_t step, const LayerReport&);
  void loads(std::int64_t step, const std::vector<std::vector<std::int64_t>>& loads);

  TrainingRecorder recorder_;
  bool drops_;
  std::int64_t tokens_per_step_;
};

/// What decides a training and its curve: sha256 over all settings that do, its model, corpus,
/// tokenizer, learning rate and held-out sentences, and the trainer's own version.
std::string training_identity(const TrainConfig&, double learning_rate);

/// The first documents of what it is trained on.
std::string data_digest(const TrainConfig&);

}  // namespace moe
