#include "models/checkpoint/synthetic.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>

#include "harness/error.h"
#include "harness/random.h"
#include "harness/sha256.h"
#include "models/family.h"

namespace moe {
namespace {

std::uint64_t key_of(std::int64_t seed, std::string_view parameter) {
  const std::string digest = sha256_hex(fmt::format("{}:{}", seed, parameter));
  return std::stoull(digest.substr(0, 16), nullptr, 16);
}

double uniform(std::uint64_t bits) {
  return (static_cast<double>(bits >> 11U) + 0.5) * 0x1p-53;
}

/// Two normal values from counter `i` (Box and Muller 1958).
std::pair<float, float> normals(std::uint64_t key, std::uint64_t i) {
  const double radius = std::sqrt(-2 * std::log(uniform(splitmix64(key + 2 * i))));
  const double angle = 2 * std::numbers::pi * uniform(splitmix64(key + 2 * i + 1));
  return {static_cast<float>(radius * std::cos(angle)),
          static_cast<float>(radius * std::sin(angle))};
}

std::vector<float> values_of(std::string_view parameter, const std::vector<std::int64_t>& shape,
                             std::int64_t seed) {
  std::int64_t elements = 1;
  for (const std::int64_t n : shape) elements *= n;
  std::vector<float> values(static_cast<std::size_t>(elements), 1.0F);
  if (parameter.ends_with("norm.weight")) return values;
  const bool is_embedding = parameter == "embedding.weight";
  const float scale = is_embedding ? 1.0F
                      : shape.size() == 1
                          ? 0.1F  // biases and sinks
                          : static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape[1])));
  const std::uint64_t key = key_of(seed, parameter);
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const auto [a, b] = normals(key, i / 2);
    values[i] = a * scale;
    if (i + 1 < values.size()) values[i + 1] = b * scale;
  }
  return values;
}

std::vector<std::byte> stored(const std::vector<float>& values, DType dtype) {
  std::vector<std::byte> bytes(values.size() * static_cast<std::size_t>(size_of(dtype)));
  if (dtype == DType::f32) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = dtype == DType::bf16 ? to_bf16(values[i]) : to_f16(values[i]);
    std::memcpy(bytes.data() + 2 * i, &half, sizeof(half));
  }
  return bytes;
}

}  // namespace

std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

std::uint16_t to_f16(float value) {
  const _Float16 half = static_cast<_Float16>(value);
  return std::bit_cast<std::uint16_t>(half);
}

Synthetic::Synthetic(const Config& config, std::int64_t seed, DType dtype)
    : seed_(seed), dtype_(dtype) {
  for (ParameterShape& p : parameters(config)) shapes_[p.name] = std::move(p.shape);
}

WeightView Synthetic::weight(std::string_view name) {
  const auto found = shapes_.find(name);
  require(found != shapes_.end(), "the model has no parameter {}", name);
  const auto& [parameter, shape] = *found;
  const std::vector<std::byte>& buffer =
      buffers_.emplace_back(stored(values_of(parameter, shape, seed_), dtype_));
  return {buffer, format_of(dtype_), shape};
}

void Synthetic::release() {
  buffers_.clear();
}

std::string Synthetic::digest() {
  std::string text = fmt::format("synthetic 1, seed {}, {}\n", seed_, name_of(dtype_));
  for (const auto& [parameter, shape] : shapes_)
    text += fmt::format("{} [{}]\n", parameter, fmt::join(shape, ", "));
  return sha256_hex(text);
}

}  // namespace moe
