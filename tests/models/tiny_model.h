// A tiny random model in memory: a config and a source of its weights, for tests that need a model
// and no file.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/error.h"
#include "models/checkpoint/weights.h"
#include "models/config.h"
#include "models/family.h"

namespace moe {

struct TinyShape {
  std::int64_t layers = 2, experts = 4, experts_per_token = 2;  // experts = 0: dense
  std::int64_t dim = 16, hidden = 12, vocab = 40, heads = 4, kv_heads = 2;
  bool renormalise = true;
};

inline Config tiny_config(const TinyShape& shape = {}) {
  const std::int64_t width = shape.dim / shape.heads;
  Config config;
  config.family = "tiny";
  config.dim = shape.dim;
  config.vocab = shape.vocab;
  config.max_positions = 256;
  config.norm_eps = 1e-5;
  config.bos_id = 1;
  config.eos_ids = {2};
  LayerSpec layer;
  layer.attention.heads = shape.heads;
  layer.attention.kv_heads = shape.kv_heads;
  layer.attention.qk_dim = layer.attention.v_dim = width;
  layer.attention.scale = 1 / std::sqrt(static_cast<double>(width));
  layer.attention.rope.dims = width;
  layer.feed_forward.hidden = shape.hidden;
  layer.feed_forward.experts = shape.experts;
  layer.feed_forward.experts_per_token = shape.experts == 0 ? 0 : shape.experts_per_token;
  layer.feed_forward.renormalise = shape.renormalise;
  config.layers.assign(static_cast<std::size_t>(shape.layers), layer);
  return config;
}

/// Weights drawn from a seed, each tensor by its name: uniform, scaled so that a product keeps its
/// inputs' size. Equal names and shapes have equal weights in every model of a seed.
class TinyWeights final : public WeightSource {
 public:
  explicit TinyWeights(const Config& config, std::uint64_t seed = 0) {
    for (const ParameterShape& parameter : parameters(config)) {
      shapes_[parameter.name] = parameter.shape;
      values_[parameter.name] = draw(parameter, seed);
    }
  }

  WeightView weight(std::string_view parameter) override {
    const auto found = values_.find(std::string(parameter));
    require(found != values_.end(), "no parameter {}", parameter);
    return {.bytes = std::as_bytes(std::span(found->second)), .shape = shapes_.at(found->first)};
  }
  void release() override {}
  std::string digest() override { return std::string(64, '0'); }

  /// A parameter's elements, row-major, for a test to change.
  std::vector<float>& values(const std::string& parameter) { return values_.at(parameter); }

 private:
  static std::uint64_t mix(std::uint64_t x) {  // splitmix64
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
  }

  static std::vector<float> draw(const ParameterShape& parameter, std::uint64_t seed) {
    std::uint64_t state = mix(seed);
    for (const char c : parameter.name) state = mix(state ^ static_cast<unsigned char>(c));
    std::int64_t elements = 1;
    for (const std::int64_t n : parameter.shape) elements *= n;
    const bool norm = parameter.shape.size() == 1;
    const double inputs = static_cast<double>(parameter.shape.back());
    const bool table = parameter.name == "embedding.weight";
    const double half_width = norm ? 0.2 : table ? 1.0 : std::sqrt(3 / inputs);
    std::vector<float> values(static_cast<std::size_t>(elements));
    for (float& value : values) {
      state = mix(state);
      const double unit = static_cast<double>(state >> 11) * 0x1p-53;  // [0, 1)
      value = static_cast<float>((norm ? 1 : 0) + half_width * (2 * unit - 1));
    }
    return values;
  }

  std::map<std::string, std::vector<std::int64_t>> shapes_;
  std::map<std::string, std::vector<float>> values_;
};

}  // namespace moe
