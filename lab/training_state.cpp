#include "lab/training_state.h"

#include <fstream>
#include <utility>
#include <nlohmann/json.hpp>

#include "harness/durable_file.h"
#include "harness/error.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = "state.json";

Json index_in(const fs::path& folder) {
  std::ifstream in(folder / kIndex);
  if (!in.good()) return nullptr;
  Json index = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  require(index.is_object() && index.contains("identity") && index.contains("steps") &&
              index.contains("curve"),
          "{}: expected what a training left; remove the folder to begin anew",
          (folder / kIndex).string());
  return index;
}

}  // namespace

TrainingState::TrainingState(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {
  const Json index = index_in(folder_);
  if (index.is_null()) return;
  require(index.at("identity") == identity_,
          "{}: the state of a training with other settings, data, tokenizer or threads; remove the "
          "folder, or train with another --out",
          folder_.string());
  steps_ = index.at("steps").get<std::int64_t>();
  curve_ = curve_of(index.at("curve"));
}

fs::path TrainingState::file_of(std::int64_t steps) const {
  return folder_ / fmt::format("state-{}.safetensors", steps);
}

void TrainingState::restore(Trainer& trainer) const {
  if (steps_ > 0) trainer.restore(file_of(steps_), steps_);
}

void TrainingState::save(const Trainer& trainer, const std::vector<CurvePoint>& curve) {
  fs::create_directories(folder_);
  const std::int64_t before = steps_;
  trainer.save(file_of(trainer.steps()));
  const Json index = {
      {"identity", identity_}, {"steps", trainer.steps()}, {"curve", to_json(curve)}};
  write_durably(folder_ / kIndex, index.dump(2) + "\n");
  steps_ = trainer.steps();
  curve_ = curve;
  if (before != steps_) fs::remove(file_of(before));
}

}  // namespace moe
