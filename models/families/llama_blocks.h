// What every Llama-like family has in common on disk, for the families to add to.
#pragma once

#include <array>

#include "models/family.h"

namespace moe {

template <typename T, std::size_t A, std::size_t B>
constexpr std::array<T, A + B> joined(const std::array<T, A>& a, const std::array<T, B>& b) {
  std::array<T, A + B> out{};
  for (std::size_t i = 0; i < A; ++i) out[i] = a[i];
  for (std::size_t i = 0; i < B; ++i) out[A + i] = b[i];
  return out;
}

/// config.json keys that read_llama_like() reads.
inline constexpr auto kLlamaKeys = std::to_array<std::string_view>(
    {"num_hidden_layers", "hidden_size", "intermediate_size", "vocab_size", "num_attention_heads",
     "num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta", "rope_scaling",
     "rope_parameters", "tie_word_embeddings", "max_position_embeddings",
     "original_max_position_embeddings"});

/// Everything but the feed-forward.
inline constexpr auto kLlamaWeights = std::to_array<WeightName>({
    {"model.embed_tokens.weight", "embedding.weight"},
    {"model.layers.{}.input_layernorm.weight", "blocks.{}.attention_norm.weight"},
    {"model.layers.{}.self_attn.q_proj.weight", "blocks.{}.attention.q.weight"},
    {"model.layers.{}.self_attn.k_proj.weight", "blocks.{}.attention.k.weight"},
    {"model.layers.{}.self_attn.v_proj.weight", "blocks.{}.attention.v.weight"},
    {"model.layers.{}.self_attn.o_proj.weight", "blocks.{}.attention.o.weight"},
    {"model.layers.{}.post_attention_layernorm.weight", "blocks.{}.feed_forward_norm.weight"},
    {"model.norm.weight", "norm.weight"},
    {"lm_head.weight", "head.weight"},
});

/// A dense Llama MLP.
inline constexpr auto kLlamaMlpWeights = std::to_array<WeightName>({
    {"model.layers.{}.mlp.gate_proj.weight", "blocks.{}.feed_forward.gate.weight"},
    {"model.layers.{}.mlp.up_proj.weight", "blocks.{}.feed_forward.up.weight"},
    {"model.layers.{}.mlp.down_proj.weight", "blocks.{}.feed_forward.down.weight"},
});

}  // namespace moe
