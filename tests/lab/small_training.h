// A training small enough for a test: a config in memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/random.h"
#include "lab/train_config.h"
#include "models/family.h"
#include "models/ids.h"

namespace moe {

inline Json small_model(std::string_view kind) {
  Json json = {{"hidden_size", 16},
               {"num_hidden_layers", 2},
               {"num_attention_heads", 2},
               {"num_key_value_heads", 1},
               {"intermediate_size", 12},
               {"vocab_size", 48},
               {"max_position_embeddings", 64},
               {"rms_norm_eps", 1e-5},
               {"rope_theta", 10000.0},
               {"tie_word_embeddings", true},
               {"hidden_act", "silu"},
               {"torch_dtype", "float32"}};
  if (kind == "dense") {
    json.update({{"architectures", {"LlamaForCausalLM"}}, {"model_type", "llama"}});
  } else {
    json.update({{"architectures", {"MixtralForCausalLM"}},
                 {"model_type", "mixtral"},
                 {"num_local_experts", 4},
                 {"num_experts_per_tok", 2}});
  }
  return json;
}

inline TrainConfig small_training(std::string_view kind) {
  TrainConfig config;
  config.name = kind;
  config.model_json = small_model(kind);
  config.model = read_config(config.model_json, "a test's config");
  config.data.row_tokens = 10;
  config.data.rows = 3;
  config.data.tokens = 600;
  config.optimizer.learning_rates = {1e-2};
  config.optimizer.warmup_steps = 2;
  config.run.dtype = DType::f32;
  return config;
}

/// Ids of a step; another step has others.
inline std::vector<TokenId> ids_of_step(const TrainConfig& config, std::int64_t step) {
  Random random(static_cast<std::uint64_t>(step) + 7);
  std::vector<TokenId> ids;
  for (std::int64_t i = 0; i < config.data.rows * (config.data.row_tokens + 1); ++i)
    ids.push_back(static_cast<TokenId>(random.below(config.model.vocab)));
  return ids;
}

}  // namespace moe
