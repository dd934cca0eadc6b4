// What a training leaves on disk while it runs, so that it goes on after it was stopped or killed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/file_lock.h"
#include "lab/curve.h"
#include "lab/trainer.h"

namespace moe {

/// The folder of one training of a grid: state-N.safetensors, and state.json, which names the one
/// that counts and is replaced in one piece.
class TrainingState {
 public:
  /// `identity` stands for all that the result depends on. Makes the folder, and holds it: Error
  /// where another process does, or where it holds a training of another identity, LibTorch or
  /// kind of processor.
  TrainingState(std::filesystem::path folder, std::string identity);

  /// sha256 of the identity and of what tells this folder's training from the same in another one:
  /// what the store knows it by.
  const std::string& id() const { return id_; }

  /// Steps of the training that is kept; 0 where there is none.
  std::int64_t steps() const { return steps_; }
  /// What was seen up to there.
  const Curve& curve() const { return curve_; }
  /// The step at which it diverged, the last one; 0 where it did not.
  std::int64_t diverged_at() const { return diverged_at_; }

  /// Error where the file is not the one that was saved.
  void restore(Trainer&) const;
  /// Replaces what was kept.
  void save(const Trainer&, const Curve&);
  /// The training is over at this step.
  void diverged(std::int64_t step);

 private:
  std::filesystem::path file_of(std::int64_t steps) const;

  void read(const nlohmann::json& index);
  void write_index() const;

  std::filesystem::path folder_;
  std::string identity_, id_, digest_;  // of the file that counts
  std::unique_ptr<FileLock> lock_;
  std::int64_t steps_ = 0, diverged_at_ = 0;
  Curve curve_;
};

}  // namespace moe
