#include "models/stored_dtype.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

/// The JSON header of a safetensors file; null where its length cannot be.
Json header_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  if (!in.good() || length > fs::file_size(file) - sizeof length) return nullptr;
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  return read_json(text, file.string() + ": the header");
}

/// The file that holds a tensor: the only one, or the one that the index names.
fs::path file_of(const fs::path& directory, const std::string& tensor) {
  const fs::path index = directory / "model.safetensors.index.json";
  if (fs::exists(directory / "model.safetensors") || !fs::exists(index))
    return directory / "model.safetensors";
  const Json json = read_json(read_text(index), index.string());
  const Json::json_pointer place("/weight_map/" + tensor);
  if (!json.contains(place) || !json.at(place).is_string()) return {};
  return directory / fs::path(json.at(place).get<std::string>()).filename();
}

}  // namespace

std::optional<DType> stored_dtype(const fs::path& directory, const Family& family) {
  const auto embedding =
      std::ranges::find(family.weights, "embedding.weight", &WeightName::parameter);
  if (embedding == family.weights.end()) return std::nullopt;
  const std::string tensor(embedding->checkpoint);
  const fs::path file = file_of(directory, tensor);
  if (!fs::is_regular_file(file)) return std::nullopt;
  const Json header = header_of(file);
  const Json::json_pointer place("/" + tensor + "/dtype");
  if (!header.contains(place) || !header.at(place).is_string()) return std::nullopt;
  try {
    return dtype_of(header.at(place).get<std::string>());
  } catch (const Error& error) {
    throw error.while_doing(fmt::format("{}: tensor {}", file.string(), tensor));
  }
}

}  // namespace moe
