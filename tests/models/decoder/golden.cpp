#include "tests/models/decoder/golden.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

template <typename T>
std::vector<T> elements(std::span<const char> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace

Goldens read_goldens(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  require(in.good(), "{}: cannot be read", file.string());
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto data = std::span(bytes).subspan(8 + header);
  Goldens goldens;
  const auto index = nlohmann::json::parse(bytes.substr(8, header));
  for (const auto& [name, entry] : index.items()) {
    if (name == "__metadata__") continue;
    const auto offsets = entry.at("data_offsets").get<std::vector<std::size_t>>();
    const auto part = data.subspan(offsets.at(0), offsets.at(1) - offsets.at(0));
    GoldenTensor& tensor = goldens[name];
    tensor.shape = entry.at("shape").get<std::vector<std::int64_t>>();
    const auto dtype = entry.at("dtype").get<std::string>();
    require(dtype == "F32" || dtype == "I64", "{}: {} is {}", file.string(), name, dtype);
    if (dtype == "F32") tensor.f32 = elements<float>(part);
    if (dtype == "I64") tensor.i64 = elements<std::int64_t>(part);
  }
  return goldens;
}

std::filesystem::path tiny_golden(const std::string& family) {
  return std::filesystem::path(MOE_SOURCE_DIR) / "tests/goldens/tiny" / family;
}

}  // namespace moe
