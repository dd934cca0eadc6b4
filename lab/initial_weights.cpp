#include "lab/initial_weights.h"

#include <cmath>
#include <cstring>

#include "harness/error.h"
#include "lab/vector_parameter.h"

namespace moe {
namespace {

/// What the values of Synthetic (whose matrices have deviation 1 / sqrt(inputs), and the embedding
/// 1) are multiplied by.
double scale_of(std::string_view parameter, std::int64_t inputs, double layers) {
  constexpr double kSmall = 0.02;
  if (is_norm_weight(parameter)) return 1;
  if (is_offset(parameter)) return 0;
  if (parameter == "embedding.weight") return kSmall;
  if (parameter.ends_with("router.weight") || parameter == "head.weight")
    return kSmall * std::sqrt(static_cast<double>(inputs));
  if (parameter.ends_with("attention.o.weight") || parameter.ends_with("down.weight"))
    return 1 / std::sqrt(2 * layers);
  return 1;
}

}  // namespace

InitialWeights::InitialWeights(const Config& config, std::int64_t seed)
    : normal_(config, seed, DType::f32), layers_(static_cast<double>(config.layers.size())) {}

WeightView InitialWeights::weight(std::string_view parameter) {
  const WeightView drawn = normal_.weight(parameter);
  std::vector<float> values(static_cast<std::size_t>(drawn.elements()));
  std::memcpy(values.data(), drawn.bytes.data(), drawn.bytes.size());
  const double scale = scale_of(parameter, drawn.shape.back(), layers_);
  for (float& value : values) value = static_cast<float>(value * scale);
  buffers_.push_back(std::move(values));
  normal_.release();
  return {.bytes = std::as_bytes(std::span(buffers_.back())),
          .format = StorageFormat::f32,
          .shape = drawn.shape,
          .parameter = {}};
}

void InitialWeights::release() {
  buffers_.clear();
}

std::string InitialWeights::digest() {
  return "";  // of no target
}

}  // namespace moe
