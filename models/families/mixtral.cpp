// Mixtral (Jiang et al. 2024, arXiv:2401.04088): Mistral blocks with a mixture of experts for the
// MLP. Weights of the chosen experts are a softmax over all, renormalised; w1 is gate, w3 up, w2
// down.
#include "models/config_json.h"
#include "models/families/llama_blocks.h"

namespace moe {
namespace {

Config read(const Json& json) {
  Config config = read_llama_like(
      json, {.rope_theta = 1e6, .norm_eps = 1e-5, .max_positions = 131072, .kv_heads = 8});
  for (LayerSpec& layer : config.layers) {
    layer.attention.window = integer_if(json, "sliding_window");
    layer.feed_forward.experts = integer_or(json, "num_local_experts", 8);
    layer.feed_forward.experts_per_token = integer_or(json, "num_experts_per_tok", 2);
    layer.feed_forward.score = Score::softmax;
    layer.feed_forward.renormalise = true;
  }
  return config;
}

constexpr auto kKeys =
    joined(kLlamaKeys, std::to_array<std::string_view>(
                           {"sliding_window", "num_local_experts", "num_experts_per_tok"}));

constexpr std::string_view kInert[] = {"router_aux_loss_coef", "output_router_logits",
                                       "router_jitter_noise"};  // training

constexpr Assumption kAssumptions[] = {{"hidden_act", "\"silu\""}};

constexpr auto kWeights = joined(
    kLlamaWeights, std::to_array<WeightName>({
                       {"model.layers.{}.block_sparse_moe.gate.weight", "blocks.{}.router.weight"},
                       {"model.layers.{}.block_sparse_moe.experts.{e}.w1.weight",
                        "blocks.{}.experts.{e}.gate.weight"},
                       {"model.layers.{}.block_sparse_moe.experts.{e}.w3.weight",
                        "blocks.{}.experts.{e}.up.weight"},
                       {"model.layers.{}.block_sparse_moe.experts.{e}.w2.weight",
                        "blocks.{}.experts.{e}.down.weight"},
                   }));

}  // namespace

extern const Family mixtral = {
    .name = "mixtral",
    .architecture = "MixtralForCausalLM",
    .model_type = "mixtral",
    .read_config = read,
    .keys = kKeys,
    .inert = kInert,
    .assumptions = kAssumptions,
    .weights = kWeights,
    .ignored_weights = {},
};

}  // namespace moe
