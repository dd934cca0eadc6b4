// Llama 1 to 3 (Touvron et al. 2023, arXiv:2302.13971): the dense block that the other families
// vary.
#include "models/config_json.h"
#include "models/families/llama_blocks.h"

namespace moe {
namespace {

Config read(const Json& json) {
  return read_llama_like(json, {.rope_theta = 10000, .norm_eps = 1e-6, .max_positions = 2048});
}

constexpr Assumption kAssumptions[] = {
    {"hidden_act", "\"silu\""}, {"attention_bias", "false"}, {"mlp_bias", "false"}};

constexpr auto kWeights = joined(kLlamaWeights, kLlamaMlpWeights);

constexpr std::string_view kIgnored[] = {
    "model.layers.{}.self_attn.rotary_emb.inv_freq"};  // Llama 2's first files

}  // namespace

extern const Family llama = {
    .name = "llama",
    .architecture = "LlamaForCausalLM",
    .model_type = "llama",
    .read_config = read,
    .keys = kLlamaKeys,
    .inert = {},
    .assumptions = kAssumptions,
    .weights = kWeights,
    .ignored_weights = kIgnored,
};

}  // namespace moe
