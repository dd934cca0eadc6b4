#include "models/family.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/library.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

Json small(std::string_view architecture) {
  return {{"architectures", {architecture}}, {"hidden_size", 64},        {"intermediate_size", 96},
          {"num_hidden_layers", 2},          {"num_attention_heads", 4}, {"vocab_size", 100},
          {"num_key_value_heads", 4}};
}

std::string failure(const Json& json) {
  return message_of<Error>([&] { read_config(json, "config.json"); });
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(family, names_and_architectures_are_unique) {
  std::set<std::string_view> names, architectures, types;
  for (const Family* family : families()) {
    EXPECT_TRUE(names.insert(family->name).second);
    EXPECT_TRUE(architectures.insert(family->architecture).second);
    EXPECT_TRUE(types.insert(family->model_type).second);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"llama", "mistral", "mixtral", "olmoe"}));
}

TEST(family, assumptions_are_json_and_keys_are_listed_once) {
  for (const Family* family : families()) {
    std::set<std::string_view> keys;
    for (const Assumption& assumption : family->assumptions) {
      EXPECT_TRUE(Json::accept(assumption.json)) << assumption.key;
      EXPECT_TRUE(keys.insert(assumption.key).second) << assumption.key;
    }
    for (const auto key : family->keys) EXPECT_TRUE(keys.insert(key).second) << key;
    for (const auto key : family->inert) EXPECT_TRUE(keys.insert(key).second) << key;
  }
}

TEST(family, every_bundled_config_is_read) {
  for (const std::string_view name : config_names())
    EXPECT_EQ(failure(required(bundled_config(name), "no config {}", name)), "") << name;
}

TEST(family, is_found_by_architecture_or_by_model_type) {
  Json json = small("OlmoeForCausalLM");
  EXPECT_EQ(read_config(json, "c").family, "olmoe");
  json.erase("architectures");
  json["model_type"] = "mixtral";
  EXPECT_EQ(read_config(json, "c").family, "mixtral");
  EXPECT_TRUE(has(failure(small("GPT2LMHeadModel")), "MixtralForCausalLM"));
}

TEST(family, an_unknown_key_is_refused_by_name) {
  Json json = small("LlamaForCausalLM");
  json["attn_logit_softcapping"] = 50.0;
  const std::string message = failure(json);
  EXPECT_TRUE(has(message, "config.json")) << message;
  EXPECT_TRUE(has(message, "attn_logit_softcapping")) << message;
  EXPECT_TRUE(has(message, "50.0")) << message;
}

TEST(family, a_value_we_do_not_implement_is_refused_with_key_and_value) {
  for (const Family* family : families()) {
    Json json = small(family->architecture);
    json["hidden_act"] = "gelu";
    const std::string message = failure(json);
    EXPECT_TRUE(has(message, "hidden_act") && has(message, "gelu")) << message;
    json["hidden_act"] = "silu";
    EXPECT_EQ(failure(json), "");
  }
}

TEST(family, reads_both_spellings_of_theta_and_dtype) {
  Json old = small("MistralForCausalLM"), now = old;
  old["rope_theta"] = 5e5;
  old["torch_dtype"] = "bfloat16";
  now["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 5e5}};
  now["dtype"] = "bfloat16";
  for (const Json& json : {old, now}) {
    const Config config = read_config(json, "c");
    EXPECT_EQ(config.layers[0].attention.rope.theta, 5e5);
    EXPECT_EQ(config.dtype, DType::bf16);
  }
}

TEST(family, heads_windows_norms_and_ties) {
  Json json = small("MistralForCausalLM");
  EXPECT_EQ(read_config(json, "c").layers[0].attention.qk_dim, 16);
  EXPECT_EQ(read_config(json, "c").layers[0].attention.window, 4096);
  json["sliding_window"] = nullptr;
  EXPECT_FALSE(read_config(json, "c").layers[0].attention.window);
  json["head_dim"] = 32;
  json["sliding_window"] = 7;
  json["tie_word_embeddings"] = true;
  json["num_key_value_heads"] = 2;
  const Config config = read_config(json, "c");
  EXPECT_EQ(config.layers[1].attention.qk_dim, 32);
  EXPECT_EQ(config.layers[1].attention.window, 7);
  EXPECT_DOUBLE_EQ(config.layers[1].attention.scale, 1 / std::sqrt(32.0));
  EXPECT_TRUE(config.tied_embeddings);
  for (const ParameterShape& p : parameters(config)) EXPECT_NE(p.name, "head.weight");
  const Config olmoe = read_config(small("OlmoeForCausalLM"), "c");
  EXPECT_EQ(olmoe.layers[0].attention.qk_norm, QkNorm::full_width);
  EXPECT_FALSE(olmoe.layers[0].feed_forward.renormalise);
  EXPECT_TRUE(read_config(small("MixtralForCausalLM"), "c").layers[0].feed_forward.renormalise);
}

TEST(family, missing_and_senseless_values_are_named) {
  for (const char* key : {"hidden_size", "num_hidden_layers", "vocab_size", "intermediate_size",
                          "num_attention_heads"}) {
    for (const Json& bad : {Json(nullptr), Json(-4), Json(0), Json("64"), Json(1.5), Json(1e300),
                            Json(std::int64_t{1} << 62)}) {
      Json json = small("LlamaForCausalLM");
      json[key] = bad;
      EXPECT_TRUE(has(failure(json), key)) << bad << ": " << failure(json);
    }
  }
}

TEST(family, limits_of_nothing_or_less_are_refused) {
  Json json = small("OlmoeForCausalLM");
  for (const double bad : {0.0, -1.0}) {
    json["clip_qkv"] = bad;
    EXPECT_TRUE(has(failure(json), "clip_qkv is")) << bad << ": " << failure(json);
  }
  json["clip_qkv"] = nullptr;
  EXPECT_FALSE(has(failure(json), "clip_qkv"));
}

TEST(family, sizes_that_would_not_fit_a_machine_are_refused_before_they_are_tried) {
  Json json = small("MixtralForCausalLM");
  json["num_hidden_layers"] = 10000;
  json["num_local_experts"] = 65000;
  EXPECT_NE(failure(json), "");
  json = small("LlamaForCausalLM");
  json["head_dim"] = (std::int64_t{1} << 32) - 2;
  json["num_attention_heads"] = (std::int64_t{1} << 32) - 2;
  EXPECT_NE(failure(json), "");
}

TEST(family, a_head_size_of_null_is_the_default) {
  Json json = small("LlamaForCausalLM");
  json["head_dim"] = nullptr;
  EXPECT_EQ(read_config(json, "c").layers[0].attention.qk_dim, 16);
  json["num_attention_heads"] = 5;
  EXPECT_TRUE(has(failure(json), "no multiple"));
}

}  // namespace
}  // namespace moe
