#include "models/checkpoint/synthetic.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <thread>

#include "harness/error.h"
#include "harness/machine.h"
#include "harness/random.h"
#include "harness/sha256.h"
#include "models/checkpoint/rounding.h"
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

/// Calls part(begin, end) for ranges that make up [0, count), on the machine's cores.
template <typename F>
void in_parallel(std::size_t count, const F& part) {
  constexpr std::size_t kWorthAThread = std::size_t{1} << 15U;
  const auto cores = static_cast<std::size_t>(std::max<std::int64_t>(1, this_machine().cores));
  const std::size_t parts = std::clamp<std::size_t>(count / kWorthAThread, 1, cores);
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < parts; ++i)
    others.emplace_back(part, count * i / parts, count * (i + 1) / parts);
  part(0, count / parts);
}

/// A tensor's elements as stored. Each pair is drawn from its own counter, so that the values are
/// the same on any number of threads.
std::vector<std::byte> drawn(std::string_view parameter, const std::vector<std::int64_t>& shape,
                             std::int64_t seed, DType dtype) {
  std::size_t elements = 1;
  for (const std::int64_t n : shape) elements *= static_cast<std::size_t>(n);
  const auto size = static_cast<std::size_t>(size_of(dtype));
  std::vector<std::byte> bytes(elements * size);
  if (parameter.ends_with("norm.weight")) {
    for (std::size_t i = 0; i < elements; ++i) store_rounded(bytes.data() + i * size, 1, dtype);
    return bytes;
  }
  const bool is_embedding = parameter == "embedding.weight";
  const float scale = is_embedding ? 1.0F
                      : shape.size() == 1
                          ? 0.1F  // biases and sinks
                          : static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape[1])));
  const std::uint64_t key = key_of(seed, parameter);
  in_parallel((elements + 1) / 2, [&](std::size_t begin, std::size_t end) {
    for (std::size_t pair = begin; pair < end; ++pair) {
      const auto [a, b] = normals(key, pair);
      std::byte* at = bytes.data() + 2 * pair * size;
      store_rounded(at, a * scale, dtype);
      if (2 * pair + 1 < elements) store_rounded(at + size, b * scale, dtype);
    }
  });
  return bytes;
}

}  // namespace

Synthetic::Synthetic(const Config& config, std::int64_t seed, DType dtype)
    : seed_(seed), dtype_(dtype) {
  for (ParameterShape& p : parameters(config)) shapes_[p.name] = std::move(p.shape);
}

WeightView Synthetic::weight(std::string_view name) {
  const auto found = shapes_.find(name);
  require(found != shapes_.end(), "the model has no parameter {}", name);
  const auto& [parameter, shape] = *found;
  const std::vector<std::byte>& buffer =
      buffers_.emplace_back(drawn(parameter, shape, seed_, dtype_));
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
