#include "models/checkpoint/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"

namespace moe {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

struct StoredDType {
  std::string_view name;
  std::size_t bytes;
};

constexpr StoredDType kStored[] = {{"F64", 8}, {"F32", 4},  {"F16", 2},     {"BF16", 2},
                                   {"I64", 8}, {"I32", 4},  {"I16", 2},     {"I8", 1},
                                   {"U8", 1},  {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1}};
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kLongestHeader = std::size_t{100} << 20U;  // the format's own limit
constexpr std::size_t kMostDimensions = 8;

/// Elements x bytes, or nothing where the product does not fit.
std::optional<std::size_t> bytes_of(const std::vector<std::int64_t>& shape, std::size_t element) {
  std::size_t total = element;
  for (const std::int64_t n : shape) {
    if (n < 0 || __builtin_mul_overflow(total, static_cast<std::size_t>(n), &total))
      return std::nullopt;
  }
  return total;
}

Safetensors::Tensor read_tensor(const Json& json, const std::string& where,
                                std::size_t data_bytes) {
  require(json.is_object(), "{}: expected an object, found {}", where, json.dump().substr(0, 80));
  for (const char* key : {"dtype", "shape", "data_offsets"})
    require(json.contains(key), "{}: {} is missing", where, key);
  require(json["dtype"].is_string(), "{}: dtype: expected a name, found {}", where,
          json["dtype"].dump().substr(0, 80));
  const Json& shape = json.at("shape");
  require(shape.is_array() && std::ranges::all_of(shape, &Json::is_number_unsigned),
          "{}: shape: expected a list of whole numbers, found {}", where,
          shape.dump().substr(0, 80));
  Safetensors::Tensor tensor{.dtype = json.at("dtype"),
                             .shape = shape.get<std::vector<std::int64_t>>()};
  const Json& offsets = json.at("data_offsets");
  require(offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() &&
              offsets[1].is_number_unsigned(),
          "{}: data_offsets: expected two whole numbers, found {}", where,
          offsets.dump().substr(0, 80));
  tensor.begin = offsets[0];
  tensor.end = offsets[1];
  require(tensor.begin <= tensor.end && tensor.end <= data_bytes,
          "{}: bytes {} to {} of {}: out of the file's range", where, tensor.begin, tensor.end,
          data_bytes);
  const auto stored = std::ranges::find(kStored, tensor.dtype, &StoredDType::name);
  require(stored != std::end(kStored), "{}: unknown dtype \"{}\"", where, tensor.dtype);
  require(tensor.shape.size() <= kMostDimensions, "{}: {} dimensions", where, tensor.shape.size());
  const auto wanted = bytes_of(tensor.shape, stored->bytes);
  require(wanted == tensor.end - tensor.begin, "{}: shape [{}] of {} is no {} bytes", where,
          fmt::join(tensor.shape, ", "), tensor.dtype, tensor.end - tensor.begin);
  return tensor;
}

/// Tensors must fill the data without gaps or overlaps.
void check_layout(const std::map<std::string, Safetensors::Tensor>& tensors,
                  const std::string& file, std::size_t data_bytes) {
  std::vector<const std::pair<const std::string, Safetensors::Tensor>*> order;
  for (const auto& entry : tensors) order.push_back(&entry);
  std::ranges::sort(order, {}, [](const auto* entry) {
    return std::pair(entry->second.begin, entry->second.end);
  });
  std::size_t at = 0;
  for (const auto* entry : order) {
    require(entry->second.begin >= at,
            "{}: tensor {} overlaps the one before it: begins at {}, expected {}", file,
            entry->first, entry->second.begin, at);
    require(entry->second.begin == at, "{}: {} bytes that belong to no tensor before {}", file,
            entry->second.begin - at, entry->first);
    at = entry->second.end;
  }
  require(at == data_bytes, "{}: tensors end at byte {} of {}", file, at, data_bytes);
}

}  // namespace

Safetensors::Safetensors(const std::filesystem::path& file) : file_(file), mapping_(file) {
  const std::span<const std::byte> all = mapping_.bytes();
  const std::string name = file.string();
  require(all.size() >= kLengthBytes, "{}: {} bytes; a safetensors file has at least {}", name,
          all.size(), kLengthBytes);
  std::uint64_t length = 0;
  std::memcpy(&length, all.data(), kLengthBytes);
  require(length <= kLongestHeader && length <= all.size() - kLengthBytes,
          "{}: the header claims {} bytes, the file has {} after its length", name, length,
          all.size() - kLengthBytes);
  data_begin_ = kLengthBytes + length;
  const std::size_t data_bytes = all.size() - data_begin_;
  const std::string_view text(reinterpret_cast<const char*>(all.data()) + kLengthBytes, length);
  const Json header = read_json(text, name + ": the header");
  require(header.is_object(), "{}: the header is not a JSON object", name);
  for (const auto& [tensor, json] : header.items()) {
    if (tensor == "__metadata__") continue;
    const std::string where = fmt::format("{}: tensor {}", name, tensor);
    try {
      tensors_[tensor] = read_tensor(json, where, data_bytes);
    } catch (const Json::exception& error) {
      throw Error(fmt::format("{}: {}", where, reason_of(error)), std::source_location::current());
    }
  }
  check_layout(tensors_, name, data_bytes);
}

const Safetensors::Tensor& Safetensors::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  require(found != tensors_.end(), "{}: no tensor {}", file_.string(), name);
  return found->second;
}

std::span<const std::byte> Safetensors::bytes(const std::string& name) const {
  const Tensor& tensor = at(name);
  return mapping_.bytes().subspan(data_begin_ + tensor.begin, tensor.end - tensor.begin);
}

WeightView Safetensors::view(const std::string& name) const {
  const Tensor& tensor = at(name);
  require(tensor.dtype == "F32" || tensor.dtype == "F16" || tensor.dtype == "BF16",
          "{}: tensor {}: format {} is not read: expected F32, F16 or BF16", file_.string(), name,
          tensor.dtype);
  WeightView view{bytes(name), format_of(dtype_of(tensor.dtype)), tensor.shape};
  view.mapping = &mapping_;
  return view;
}

}  // namespace moe
