// A family made up for tests, whose parameters lie in tensors that they share.
#pragma once

#include "models/family.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {

inline constexpr Recipe kInTurn{.rows = TakenRows::in_turn};
inline constexpr Recipe kStacked{
    .by_expert = true, .transposed = true, .rows = TakenRows::interleaved};
inline constexpr Recipe kStackedBias{.by_expert = true, .rows = TakenRows::interleaved};

inline constexpr WeightName kWeights[] = {
    {"embed", "embedding.weight"},
    {"l.{}.n1", "blocks.{}.attention_norm.weight"},
    {"l.{}.qkv", "blocks.{}.attention.q.weight", kInTurn},
    {"l.{}.qkv", "blocks.{}.attention.k.weight", kInTurn},
    {"l.{}.qkv", "blocks.{}.attention.v.weight", kInTurn},
    {"l.{}.o", "blocks.{}.attention.o.weight", {.transposed = true}},
    {"l.{}.n2", "blocks.{}.feed_forward_norm.weight"},
    {"l.{}.router", "blocks.{}.router.weight"},
    {"l.{}.gate_up", "blocks.{}.experts.{e}.gate.weight", kStacked},
    {"l.{}.gate_up", "blocks.{}.experts.{e}.up.weight", kStacked},
    {"l.{}.gate_up_bias", "blocks.{}.experts.{e}.gate.bias", kStackedBias},
    {"l.{}.gate_up_bias", "blocks.{}.experts.{e}.up.bias", kStackedBias},
    {"l.{}.down", "blocks.{}.experts.{e}.down.weight", {.by_expert = true}},
    {"l.{}.down_bias", "blocks.{}.experts.{e}.down.bias", {.by_expert = true}},
    {"norm", "norm.weight"},
    {"head", "head.weight"},
};

inline const Family kFused = {.name = "fused",
                              .architecture = "Fused",
                              .model_type = "fused",
                              .read_config = nullptr,
                              .keys = {},
                              .inert = {},
                              .assumptions = {},
                              .weights = kWeights,
                              .ignored_weights = {}};

inline Config fused_config() {
  Config config = small_config("MixtralForCausalLM");
  for (LayerSpec& layer : config.layers) layer.feed_forward.bias = true;
  return config;
}

}  // namespace moe
