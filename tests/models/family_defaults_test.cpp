// What a config.json means by keys that it does not have, or has as null.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/family.h"

namespace moe {
namespace {

Json small(std::string_view architecture) {
  return {{"architectures", {architecture}}, {"hidden_size", 64},        {"intermediate_size", 96},
          {"num_hidden_layers", 2},          {"num_attention_heads", 4}, {"vocab_size", 100},
          {"num_key_value_heads", 4}};
}

/// What transformers 5.17's configuration classes hold for keys that are not written.
TEST(family, keys_that_are_absent_have_the_defaults_of_the_family) {
  struct Defaults {
    const char* architecture = "";
    std::int64_t kv_heads = 0;
    double theta = 0, norm_eps = 0;
    std::int64_t max_positions = 0;
    std::optional<std::int64_t> window, bos;
    std::int64_t eos = 0;
  };
  constexpr Defaults kFamilies[] = {
      {"LlamaForCausalLM", 16, 1e4, 1e-6, 2048, std::nullopt, 1, 2},
      {"MistralForCausalLM", 8, 1e4, 1e-6, 131072, 4096, 1, 2},
      {"MixtralForCausalLM", 8, 1e6, 1e-5, 131072, std::nullopt, 1, 2},
      {"OlmoeForCausalLM", 16, 1e4, 1e-5, 4096, std::nullopt, std::nullopt, 50279},
  };
  EXPECT_EQ(std::size(kFamilies), families().size());
  for (const Defaults& expected : kFamilies) {
    SCOPED_TRACE(expected.architecture);
    Json json = small(expected.architecture);
    json["num_attention_heads"] = 16;
    json.erase("num_key_value_heads");
    const Config config = read_config(json, "c");
    const AttentionSpec& attention = config.layers[1].attention;
    EXPECT_EQ(attention.kv_heads, expected.kv_heads);
    EXPECT_EQ(attention.rope.theta, expected.theta);
    EXPECT_EQ(config.norm_eps, expected.norm_eps);
    EXPECT_EQ(config.max_positions, expected.max_positions);
    EXPECT_EQ(attention.window, expected.window);
    EXPECT_EQ(config.bos_id, expected.bos);
    EXPECT_EQ(config.eos_ids, std::vector<std::int64_t>{expected.eos});
    EXPECT_FALSE(config.tied_embeddings);
  }
}

TEST(family, keys_that_are_null_have_no_default) {
  for (const Family* family : families()) {
    Json json = small(family->architecture);
    for (const char* key : {"num_key_value_heads", "bos_token_id", "eos_token_id"})
      json[key] = nullptr;
    const Config config = read_config(json, "c");
    EXPECT_EQ(config.layers[0].attention.kv_heads, 4) << family->name;
    EXPECT_FALSE(config.bos_id) << family->name;
    EXPECT_TRUE(config.eos_ids.empty()) << family->name;
  }
}

}  // namespace
}  // namespace moe
