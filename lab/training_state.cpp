#include "lab/training_state.h"

#include <fstream>
#include <random>
#include <utility>
#include <nlohmann/json.hpp>

#include "harness/build_info.h"
#include "harness/durable_file.h"
#include "harness/error.h"
#include "harness/sha256.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kIndex = "state.json";

/// What lies in a folder; null where nothing does.
Json index_in(const fs::path& folder) {
  const fs::path file = folder / kIndex;
  if (!fs::exists(file)) return nullptr;
  std::ifstream in(file);
  require(in.good() && fs::is_regular_file(file), "{}: cannot be read", file.string());
  return Json::parse(in);
}

/// What the last bits of a sum depend on beside the training's settings.
std::string arithmetic() {
  return fmt::format("LibTorch {} on {}", build_info().torch, at::get_cpu_capability());
}

/// Of a folder that had none.
std::string new_id(const std::string& identity) {
  std::random_device random;
  return sha256_hex(fmt::format("{} {} {} {}", identity, random(), random(), random()));
}

}  // namespace

TrainingState::TrainingState(fs::path folder, std::string identity)
    : folder_(std::move(folder)), identity_(std::move(identity)) {
  fs::create_directories(folder_);
  lock_ = std::make_unique<FileLock>(folder_ / "lock");
  try {
    const Json index = index_in(folder_);
    if (!index.is_null()) {
      read(index);
      return;
    }
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: expected what a training left: {}; remove the folder to begin "
                            "anew",
                            (folder_ / kIndex).string(), error.what()),
                std::source_location::current());
  }
  id_ = new_id(identity_);
  write_index();
}

void TrainingState::read(const Json& index) {
  require(index.at("identity") == identity_,
          "{}: the state of a training with other settings, data, tokenizer or threads; remove the "
          "folder, or train with another --out",
          folder_.string());
  require(index.at("arithmetic") == arithmetic(),
          "{}: the state of a training with {}, this is {}: it would not end in the same bits; "
          "remove the folder, or train with another --out",
          folder_.string(), index["arithmetic"].dump(), arithmetic());
  index.at("id").get_to(id_);
  index.at("steps").get_to(steps_);
  index.at("digest").get_to(digest_);
  index.at("diverged_at").get_to(diverged_at_);
  curve_ = curve_of(index.at("curve"));
}

void TrainingState::write_index() const {
  const Json index = {{"identity", identity_},   {"id", id_},         {"arithmetic", arithmetic()},
                      {"steps", steps_},         {"digest", digest_}, {"diverged_at", diverged_at_},
                      {"curve", to_json(curve_)}};
  write_durably(folder_ / kIndex, index.dump(2) + "\n");
}

fs::path TrainingState::file_of(std::int64_t steps) const {
  return folder_ / fmt::format("state-{}.safetensors", steps);
}

void TrainingState::restore(Trainer& trainer) const {
  if (steps_ == 0) return;
  try {
    require(sha256_of_file(file_of(steps_)) == digest_, "{}: not as it was saved",
            file_of(steps_).string());
    trainer.restore(file_of(steps_), steps_);
  } catch (const Error& error) {
    throw error.while_doing(
        fmt::format("going on with a training (remove {} to begin anew)", folder_.string()));
  }
}

void TrainingState::diverged(std::int64_t step) {
  diverged_at_ = step;
  write_index();
}

void TrainingState::save(const Trainer& trainer, const Curve& curve) {
  trainer.save(file_of(trainer.steps()));
  steps_ = trainer.steps();
  digest_ = sha256_of_file(file_of(steps_));
  curve_ = curve;
  write_index();
  // Those before, and those that a killed process left half done.
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("state") && name != kIndex && entry.path() != file_of(steps_))
      fs::remove(entry.path());
  }
}

}  // namespace moe
