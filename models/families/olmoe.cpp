// OLMoE (Muennighoff et al. 2024, arXiv:2409.02060): many small experts, RMSNorm over the full
// width of q and k before the heads are split, optional clipping of q, k, v; weights of the chosen
// experts as the softmax over all has them, unless norm_topk_prob.
#include "models/config_json.h"
#include "models/families/llama_blocks.h"

namespace moe {
namespace {

Config read(const Json& json) {
  Config config = read_llama_like(json, {.rope_theta = 10000,
                                         .norm_eps = 1e-5,
                                         .max_positions = 4096,
                                         .bos_id = std::nullopt,
                                         .eos_id = 50279});
  for (LayerSpec& layer : config.layers) {
    layer.attention.qk_norm = QkNorm::full_width;
    layer.attention.clip_qkv = number_if(json, "clip_qkv");
    layer.feed_forward.experts = integer_or(json, "num_experts", 64);
    layer.feed_forward.experts_per_token = integer_or(json, "num_experts_per_tok", 8);
    layer.feed_forward.score = Score::softmax;
    layer.feed_forward.renormalise = bool_or(json, "norm_topk_prob", false);
  }
  return config;
}

constexpr auto kKeys =
    joined(kLlamaKeys, std::to_array<std::string_view>(
                           {"clip_qkv", "num_experts", "num_experts_per_tok", "norm_topk_prob"}));

constexpr std::string_view kInert[] = {"router_aux_loss_coef", "output_router_logits"};  // training

constexpr Assumption kAssumptions[] = {{"hidden_act", "\"silu\""}, {"attention_bias", "false"}};

constexpr auto kWeights = joined(
    kLlamaWeights,
    std::to_array<WeightName>({
        {"model.layers.{}.self_attn.q_norm.weight", "blocks.{}.attention.q_norm.weight"},
        {"model.layers.{}.self_attn.k_norm.weight", "blocks.{}.attention.k_norm.weight"},
        {"model.layers.{}.mlp.gate.weight", "blocks.{}.router.weight"},
        {"model.layers.{}.mlp.experts.{e}.gate_proj.weight", "blocks.{}.experts.{e}.gate.weight"},
        {"model.layers.{}.mlp.experts.{e}.up_proj.weight", "blocks.{}.experts.{e}.up.weight"},
        {"model.layers.{}.mlp.experts.{e}.down_proj.weight", "blocks.{}.experts.{e}.down.weight"},
    }));

}  // namespace

extern const Family olmoe = {
    .name = "olmoe",
    .architecture = "OlmoeForCausalLM",
    .model_type = "olmoe",
    .read_config = read,
    .keys = kKeys,
    .inert = kInert,
    .assumptions = kAssumptions,
    .weights = kWeights,
    .ignored_weights = {},
};

}  // namespace moe
