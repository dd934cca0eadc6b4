#include "models/checkpoint/safetensors_writer.h"

#include <bit>
#include <string_view>
#include <nlohmann/json.hpp>

#include "harness/durable_file.h"
#include "harness/error.h"

namespace moe {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

constexpr const char* kMetadata = "__metadata__";

const char* dtype_name(StorageFormat format) {
  return format == StorageFormat::f32 ? "F32" : format == StorageFormat::f16 ? "F16" : "BF16";
}

/// Error unless the tensor has a name of its own and the bytes of its shape.
void check(const SavedTensor& tensor, const std::string& file) {
  require(!tensor.name.empty() && tensor.name != kMetadata, "{}: a tensor may not be called \"{}\"",
          file, tensor.name);
  const WeightView view{tensor.bytes, tensor.format, tensor.shape};
  const auto wanted = static_cast<std::size_t>(view.elements() * size_of(tensor.format));
  require(tensor.bytes.size() == wanted, "{}: tensor {}: {} bytes; shape [{}] of {} has {}", file,
          tensor.name, tensor.bytes.size(), fmt::join(tensor.shape, ", "),
          dtype_name(tensor.format), wanted);
}

}  // namespace

void write_safetensors(const std::filesystem::path& file, std::span<const SavedTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::map<std::string_view, const SavedTensor*> by_name;
  for (const SavedTensor& tensor : tensors) {
    check(tensor, file.string());
    require(by_name.emplace(tensor.name, &tensor).second, "{}: two tensors are called {}",
            file.string(), tensor.name);
  }
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::vector<std::span<const std::byte>> parts(2);
  std::size_t at = 0;
  for (const auto& [name, tensor] : by_name) {
    const std::size_t end = at + tensor->bytes.size();
    header[tensor->name] = {{"dtype", dtype_name(tensor->format)},
                            {"shape", tensor->shape},
                            {"data_offsets", {at, end}}};
    parts.push_back(tensor->bytes);
    at = end;
  }
  std::string text = header.dump();
  constexpr std::size_t kAlignment = 8;
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  const std::uint64_t length = text.size();
  parts[0] = std::as_bytes(std::span(&length, 1));
  parts[1] = std::as_bytes(std::span(text));
  write_durably(file, parts);
}

}  // namespace moe
