// Mistral 7B (Jiang et al. 2023, arXiv:2310.06825): Llama with a sliding window on every layer.
#include "models/config_json.h"
#include "models/families/llama_blocks.h"

namespace moe {
namespace {

Config read(const Json& json) {
  Config config = read_llama_like(
      json, {.rope_theta = 10000, .norm_eps = 1e-6, .max_positions = 131072, .kv_heads = 8});
  constexpr std::int64_t kWindow = 4096;  // null is none, as in the later Mistral 7B
  for (LayerSpec& layer : config.layers)
    layer.attention.window = integer_if(json, "sliding_window", kWindow);
  return config;
}

constexpr auto kKeys = joined(kLlamaKeys, std::to_array<std::string_view>({"sliding_window"}));

constexpr Assumption kAssumptions[] = {{"hidden_act", "\"silu\""}};

constexpr auto kWeights = joined(kLlamaWeights, kLlamaMlpWeights);

}  // namespace

extern const Family mistral = {
    .name = "mistral",
    .architecture = "MistralForCausalLM",
    .model_type = "mistral",
    .read_config = read,
    .keys = kKeys,
    .inert = {},
    .assumptions = kAssumptions,
    .weights = kWeights,
    .ignored_weights = {},
};

}  // namespace moe
