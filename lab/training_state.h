// What a training leaves on disk while it runs, so that it goes on after it was stopped or killed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lab/curve.h"
#include "lab/trainer.h"

namespace moe {

/// The folder of one training of a grid: state-N.safetensors, and state.json, which names the one
/// that counts and is replaced in one piece.
class TrainingState {
 public:
  /// `identity` stands for all that the result depends on. Error where the folder holds a training
  /// of another one.
  TrainingState(std::filesystem::path folder, std::string identity);

  /// Steps of the training that is kept; 0 where there is none.
  std::int64_t steps() const { return steps_; }
  /// What was seen up to there.
  const std::vector<CurvePoint>& curve() const { return curve_; }

  void restore(Trainer&) const;
  /// Replaces what was kept.
  void save(const Trainer&, const std::vector<CurvePoint>& curve);

 private:
  std::filesystem::path file_of(std::int64_t steps) const;

  std::filesystem::path folder_;
  std::string identity_;
  std::int64_t steps_ = 0;
  std::vector<CurvePoint> curve_;
};

}  // namespace moe
