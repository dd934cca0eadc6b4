// Seeded weights behave like weights: what a model of any family computes with them is finite, and
// its tokens spread over its experts.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/checkpoint/synthetic.h"
#include "models/decoder/native_engine.h"
#include "models/family.h"

namespace moe {
namespace {

constexpr int kExperts = 8, kTokens = 256;
/// Of the entropy of tokens over experts, as a part of what equal loads have. Routing that has
/// collapsed onto 2 of the 8 has a third.
constexpr double kLeastEntropy = 0.8;

Config config_of(const Family& family, DType dtype) {
  Json json = {{"architectures", {family.architecture}},
               {"hidden_size", 64},
               {"intermediate_size", 48},
               {"num_hidden_layers", 4},
               {"num_attention_heads", 4},
               {"num_key_value_heads", 2},
               {"vocab_size", 258},
               {"max_position_embeddings", kTokens},
               {"torch_dtype", name_of(dtype)}};
  if (family.name == "mixtral") json["num_local_experts"] = kExperts;
  if (family.name == "olmoe") json["num_experts"] = kExperts;
  if (family.name == "mixtral" || family.name == "olmoe") json["num_experts_per_tok"] = 2;
  return read_config(json, family.name);
}

double relative_entropy(const std::vector<std::int64_t>& loads) {
  double total = 0, entropy = 0;
  for (const std::int64_t load : loads) total += static_cast<double>(load);
  for (const std::int64_t load : loads) {
    const double p = static_cast<double>(load) / total;
    if (p > 0) entropy -= p * std::log(p);
  }
  return entropy / std::log(static_cast<double>(loads.size()));
}

std::vector<std::int64_t> loads_of(const RoutedLayer& layer) {
  std::vector<std::int64_t> loads(kExperts);
  for (const std::vector<std::int64_t>& experts : layer.experts) {
    for (const std::int64_t e : experts) ++loads.at(static_cast<std::size_t>(e));
  }
  return loads;
}

TEST(synthetic_activations, are_finite_and_spread_over_the_experts_in_every_family) {
  std::vector<TokenId> ids(kTokens);
  for (int i = 0; i < kTokens; ++i) ids[static_cast<std::size_t>(i)] = (i * 97) % 258;
  for (const Family* family : families()) {
    for (const DType dtype : {DType::f32, DType::bf16}) {
      SCOPED_TRACE(fmt::format("{} {}", family->name, name_of(dtype)));
      const Config config = config_of(*family, dtype);
      Synthetic weights(config, 0, dtype);
      NativeEngine engine(config, weights, std::nullopt,
                          NativeOptions{.weights = dtype, .threads = 1, .limits = {}});
      for (const std::vector<float>& row : engine.logits(ids)) {
        for (const float logit : row) ASSERT_TRUE(std::isfinite(logit));
      }
      const std::vector<RoutedLayer> routed = engine.routed(ids);
      EXPECT_EQ(routed.size(), config.is_mixture() ? config.layers.size() : 0);
      for (const RoutedLayer& layer : routed)
        EXPECT_GT(relative_entropy(loads_of(layer)), kLeastEntropy) << "layer " << layer.layer;
    }
  }
}

}  // namespace
}  // namespace moe
