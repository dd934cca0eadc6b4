#include "models/checkpoint/checkpoint.h"

#include <algorithm>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"
#include "models/checkpoint/digest_cache.h"
#include "models/checkpoint/finite.h"
#include "models/checkpoint/names.h"
#include "models/family.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

const Family& family_named(std::string_view name) {
  const auto found = std::ranges::find(families(), name, &Family::name);
  require(found != families().end(), "unknown family \"{}\"", name);
  return **found;
}

fs::path checked_shard(const fs::path& index, const std::string& shard) {
  require(fs::path(shard).filename() == shard && !shard.empty(),
          "{}: shard \"{}\": expected a file name", index.string(), shard);
  const fs::path file = index.parent_path() / shard;
  require(fs::is_regular_file(file), "{}: names shard {}, which is not in the folder",
          index.string(), shard);
  return file;
}

/// The checkpoint's files, and which tensor the index says lies in which of them (empty without
/// one).
std::vector<fs::path> list_files(const fs::path& directory,
                                 std::map<std::string, fs::path>& placed) {
  const fs::path single = directory / "model.safetensors";
  const fs::path index = directory / "model.safetensors.index.json";
  if (fs::is_regular_file(single)) return {single};
  require(fs::is_regular_file(index),
          "{}: neither model.safetensors nor model.safetensors.index.json", directory.string());
  const Json json = read_json(read_text(index), index.string());
  require(json.is_object() && json.contains("weight_map") && json["weight_map"].is_object(),
          "{}: expected a JSON object with \"weight_map\"", index.string());
  std::set<fs::path> files;
  for (const auto& [tensor, shard] : json["weight_map"].items()) {
    require(shard.is_string(), "{}: tensor {}: expected a shard's name, found {}", index.string(),
            tensor, shard.dump().substr(0, 80));
    placed[tensor] = checked_shard(index, shard.get<std::string>());
    files.insert(placed[tensor]);
  }
  return {files.begin(), files.end()};
}

bool is_ignored(const Family& family, const std::string& tensor) {
  return std::ranges::any_of(family.ignored_weights,
                             [&](std::string_view pattern) { return matches(pattern, tensor); });
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 5;
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i)
    out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > kShown ? fmt::format("{} and {} more", out, names.size() - kShown) : out;
}

}  // namespace

std::string checkpoint_name(std::string_view family, std::string_view parameter) {
  return tensor_name(family_named(family), parameter);
}

Checkpoint::Checkpoint(const fs::path& directory, const Config& config)
    : Checkpoint(directory, config, family_named(config.family)) {}

Checkpoint::Checkpoint(const fs::path& directory, const Config& config, const Family& family) {
  std::map<std::string, fs::path> placed;
  std::map<std::string, std::size_t> found;  // tensor to file
  for (const fs::path& file : list_files(directory, placed)) {
    const Safetensors& opened = files_.emplace_back(file);
    for (const auto& [tensor, about] : opened.tensors()) {
      require(found.emplace(tensor, files_.size() - 1).second,
              "{}: tensor {} stands in a second file", file.string(), tensor);
      require(placed.empty() || (placed.contains(tensor) && placed[tensor] == file),
              "{}: tensor {} is not where the index says", file.string(), tensor);
    }
  }
  for (const auto& [tensor, file] : placed) {
    require(found.contains(tensor), "{}: the index says that tensor {} is in it, and it is not",
            file.string(), tensor);
  }
  std::vector<std::string> missing;
  for (const auto& [tensor, fed] : fed_by_tensor(family, config)) {
    const auto place = found.find(tensor);
    if (place == found.end()) {
      missing.push_back(tensor);
      continue;
    }
    const WeightView view = files_[place->second].view(tensor);
    const TensorLayout layout = layout_of(tensor, fed);
    require(view.shape == layout.shape, "{}: tensor {}: shape [{}], expected [{}]",
            files_[place->second].file().string(), tensor, fmt::join(view.shape, ", "),
            fmt::join(layout.shape, ", "));
    for (std::size_t i = 0; i < fed.size(); ++i)
      places_[fed[i].name] = {place->second, tensor, layout.cuts[i]};
    found.erase(place);
  }
  require(missing.empty(), "{}: {} tensors are missing: {}", directory.string(), missing.size(),
          listed(missing));
  std::vector<std::string> left_over;
  for (const auto& [tensor, file] : found) {
    const bool tied_head = config.tied_embeddings && tensor == tensor_name(family, "head.weight");
    if (!tied_head && !is_ignored(family, tensor)) left_over.push_back(tensor);
  }
  require(left_over.empty(), "{}: {} tensors belong to no parameter of a {} model: {}",
          directory.string(), left_over.size(), config.family, listed(left_over));
}

WeightView Checkpoint::weight(std::string_view parameter) {
  WeightView view = unread(parameter);
  check_finite(view);
  view.unchecked = false;
  return view;
}

WeightView Checkpoint::unread(std::string_view parameter) {
  const auto place = places_.find(parameter);
  require(place != places_.end(), "no parameter {} in the checkpoint", parameter);
  const auto& [file, tensor, cut] = place->second;
  const WeightView whole = files_[file].view(tensor);
  WeightView view = cut_out(whole, cut, buffers_.emplace_back());
  if (view.mapping == nullptr) whole.release();
  view.parameter = parameter;
  view.place = fmt::format("{}: tensor {}", files_[file].file().string(), tensor);
  view.unchecked = true;
  return view;
}

void Checkpoint::release() {
  for (const Safetensors& file : files_) file.release();
  buffers_.clear();
}

std::string Checkpoint::digest() {
  std::vector<fs::path> files;
  for (const Safetensors& file : files_) files.push_back(file.file());
  return cached_digest(files, [&](Sha256& sha256) {
    for (const auto& [parameter, place] : places_) {
      sha256.update(parameter);
      std::vector<std::byte> buffer;
      sha256.update(cut_out(files_[place.file].view(place.tensor), place.cut, buffer).bytes);
      files_[place.file].release();
    }
  });
}

}  // namespace moe
