// One training from its first step, or from where it was left, to its last: data in, losses and
// loads to the store, state to disk.
//
//   corpus ──▶ Batches ──▶ Trainer::step ──▶ StepReport ──▶ store (training_value, training_load)
//                             └──▶ held-out sentences every n steps ──▶ store
//                             └──▶ TrainingState every n minutes, and where it is interrupted
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "lab/curve.h"
#include "lab/train_config.h"
#include "lab/trainer.h"
#include "results/store.h"

namespace moe {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

/// What a person watches.
struct TrainingView {
  std::int64_t steps = 0, of = 0;
  double loss = kUnknown;              // a mean over late steps; unknown before the first
  std::vector<double> imbalance_L;     // load of the fullest expert over the mean, by mixture layer
  std::vector<HeldOutScore> held_out;  // of the last evaluation; empty before the first
  bool diverged = false;               // at this step, which was the last
};

struct TrainingHooks {
  std::function<void(double learning_rate)> begin;  // of a training of a grid
  /// Before the first step and after each; once where the training has ended already.
  std::function<void(const TrainingView&)> watch;
  std::function<bool()> interrupted;
  std::string command;
};

enum class Ending : std::uint8_t { interrupted, finished, diverged };

struct Trained {
  Ending ending = Ending::interrupted;
  double learning_rate = 0;
  std::int64_t diverged_at = 0;   // the step whose loss or gradient was no finite number
  std::vector<CurvePoint> curve;  // with a point at the last step, where it finished
};

/// Trains with one learning rate. Goes on from what `folder` holds, and does nothing more to a
/// training that has ended there.
Trained train(const TrainConfig&, double learning_rate, const std::filesystem::path& folder, Store&,
              const TrainingHooks&);

}  // namespace moe
