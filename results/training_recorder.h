// The one writer of a training: its curves and where its tokens went become rows as they come.
//
// Rows wait in memory and are committed when a step begins, at most once a second, so that those of
// one step are there together and a killed process loses little. A trainer that saves its state
// calls flush() first: then the store has every step that the state has, on the disk.
//
// A training that was cut short is carried on where its state was saved: what it recorded behind
// that is computed again, and is deleted. Only one process carries a training on; one whose owner
// lives is left alone, and a training of its own is begun (results/owner.h). Several processes may
// write trainings, and runs, to one store at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/machine.h"
#include "results/store.h"

namespace moe {

/// A training as it is planned; the columns of table `training` (docs/store.md).
struct TrainingRow {
  std::string identity;  // sha256 that two trainings share when they are the same one
  std::string name, config_toml, model_json = "{}";
  std::string data, data_digest, tokenizer_digest;
  std::int64_t seed = 0;
  double learning_rate = 0;
  std::int64_t threads = 1, planned_tokens = 0;
  std::optional<double> flops_per_token = std::nullopt;
  std::string build, command;
  Environment environment;
};

inline constexpr std::int64_t kWholeModel = -1;            // in place of a layer
inline constexpr std::string_view kDiverged = "diverged";  // 1 at the step that was the last one

class TrainingRecorder {
 public:
  /// Carries on the newest unfinished training of this identity that no living process owns, from
  /// the state saved after `resumed_step` steps; 0 starts it over. Where there is none, begins one.
  /// Error where that training's rows end before: those between are in no store, or another one.
  TrainingRecorder(Store&, const TrainingRow&, std::int64_t resumed_step);
  /// Leaves the training to whoever carries it on; what was not committed is lost.
  ~TrainingRecorder();
  TrainingRecorder(const TrainingRecorder&) = delete;
  TrainingRecorder& operator=(const TrainingRecorder&) = delete;

  /// Says of a training of this identity that it is done, where its rows reach its end and the
  /// process that computed it could not say so.
  static void end_unfinished(Store&, std::string_view identity);

  std::int64_t id() const { return training_; }
  bool carries_on() const { return carries_on_; }

  /// A metric after `step` steps; said again, it replaces what was said. NaN is stored as null.
  void value(std::int64_t step, std::int64_t layer, std::string_view metric, double value);

  /// Tokens given to each expert of a layer since it was last told.
  void load(std::int64_t step, std::int64_t layer, std::span<const std::int64_t> tokens_E);

  /// Commits everything told so far. Error, as of all others, where the store cannot be written or
  /// another process has taken the training over.
  void flush();

  /// Commits everything, and that the training is done.
  void end();

 private:
  struct Waiting;
  void begin_step(std::int64_t step);
  void write(bool ended);

  Store& store_;
  std::int64_t training_ = 0;
  bool carries_on_ = false;
  std::unique_ptr<Waiting> waiting_;
};

}  // namespace moe
