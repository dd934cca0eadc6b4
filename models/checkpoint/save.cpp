#include "models/checkpoint/save.h"

#include <unistd.h>

#include <cmath>
#include <list>
#include <nlohmann/json.hpp>

#include "harness/durable_file.h"
#include "harness/error.h"
#include "models/checkpoint/names.h"
#include "models/checkpoint/recipe.h"
#include "models/checkpoint/rounding.h"
#include "models/checkpoint/safetensors_writer.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.safetensors";

std::int64_t elements_of(const std::vector<std::int64_t>& shape) {
  std::int64_t n = 1;
  for (const std::int64_t extent : shape) n *= extent;
  return n;
}

/// Writes a parameter where it lies in its tensor: the inverse of cut_out() (recipe.h).
void put_in(std::vector<std::byte>& tensor, const Cut& cut, std::string_view parameter, DType dtype,
            std::span<const float> values) {
  require(std::ssize(values) == elements_of(cut.shape),
          "parameter {}: {} values; its shape is [{}]", parameter, values.size(),
          fmt::join(cut.shape, ", "));
  const bool whole = cut.row_stride == 0;  // lies as it is
  const std::int64_t columns = cut.shape.size() == 2 ? cut.shape[1] : 1;
  for (std::int64_t i = 0; i < std::ssize(values); ++i) {
    const float value = values[static_cast<std::size_t>(i)];
    require(std::abs(value) <= largest(dtype), "parameter {}: holds {}, which {} does not",
            parameter, value, name_of(dtype));
    const std::int64_t at =
        whole ? i : cut.begin + i / columns * cut.row_stride + i % columns * cut.column_stride;
    store_rounded(tensor.data() + at * size_of(dtype), value, dtype);
  }
}

/// Lets two files of `from` take the place of those in `folder`, the weights last.
void replace_files(const fs::path& from, const fs::path& folder) {
  std::error_code failed;
  for (const char* name : {kConfig, kWeights}) {
    require(!fs::is_directory(folder / name), "{}: cannot be written: it is a folder",
            (folder / name).string());
  }
  for (const char* name : {kConfig, kWeights}) {
    fs::rename(from / name, folder / name, failed);
    require(!failed, "{}: cannot be written: {}", (folder / name).string(), failed.message());
  }
  sync_folder(folder);
}

}  // namespace

void save_weights(const fs::path& file, const Family& family, const Config& config, DType dtype,
                  const ParameterValues& values) {
  std::list<std::vector<std::byte>> buffers;
  std::vector<SavedTensor> tensors;
  for (const auto& [name, fed] : fed_by_tensor(family, config)) {
    const TensorLayout layout = layout_of(name, fed);
    std::vector<std::byte>& buffer =
        buffers.emplace_back(static_cast<std::size_t>(elements_of(layout.shape) * size_of(dtype)));
    for (std::size_t i = 0; i < fed.size(); ++i)
      put_in(buffer, layout.cuts[i], fed[i].name, dtype, values(fed[i].name));
    tensors.push_back({name, format_of(dtype), layout.shape, buffer});
  }
  write_safetensors(file, tensors, {{"format", "pt"}});  // without which transformers refuses it
}

void save_checkpoint(const fs::path& folder, const Json& config_json, DType dtype,
                     const ParameterValues& values) {
  const Config config = read_config(config_json, kConfig);
  Json json = config_json;
  json.erase("dtype");  // the later spelling of the same
  json["torch_dtype"] = long_name_of(dtype);
  std::error_code failed;
  fs::path place = fs::weakly_canonical(folder, failed);  // a link goes on leading to its folder
  if (failed) place = folder;
  if (!place.has_filename()) place = place.parent_path();
  const fs::path partial = place.string() + fmt::format(".part-{}", getpid());
  try {
    fs::create_directory(partial, failed);
    require(!failed, "{}: cannot be made: {}", folder.string(), failed.message());
    write_durably(partial / kConfig, json.dump(2) + "\n");
    save_weights(partial / kWeights, family_of(json), config, dtype, values);
    if (fs::is_directory(place)) {
      replace_files(partial, place);
    } else {
      fs::rename(partial, place, failed);
      require(!failed, "{}: cannot be made: {}", folder.string(), failed.message());
    }
  } catch (...) {
    fs::remove_all(partial, failed);
    throw;
  }
  fs::remove_all(partial, failed);
  sync_folder(place.parent_path());
}

}  // namespace moe
