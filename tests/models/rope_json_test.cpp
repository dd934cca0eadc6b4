// How config.json says that positions turn, and the frequencies that come of it against those of
// transformers.
#include "models/rope_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"
#include "models/config.h"
#include "models/family.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

Json goldens() {
  const std::string file = std::string(MOE_SOURCE_DIR) + "/tests/goldens/rope/frequencies.json";
  Json all = read_json(read_text(file), file);
  all.erase("about");
  return all;
}

/// A small Llama whose positions turn as the entry's model says.
Json config_json(const Json& keys) {
  Json json = {{"architectures", {"LlamaForCausalLM"}},
               {"hidden_size", 64},
               {"intermediate_size", 96},
               {"num_hidden_layers", 2},
               {"num_attention_heads", 4},
               {"vocab_size", 100}};
  json.update(keys);
  return json;
}

/// The same in the spelling of transformers 5.
Json spelled_anew(Json json) {
  json["rope_parameters"] = json["rope_scaling"];
  json["rope_parameters"]["rope_theta"] = json["rope_theta"];
  json.erase("rope_scaling");
  json.erase("rope_theta");
  return json;
}

Config read(const Json& json) {
  return read_config(json, "config.json");
}

RopeSpec rope_of(const Config& config) {
  return config.layers[1].attention.rope;
}

std::string failure(const Json& json) {
  return message_of<Error>([&] { read(json); });
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// All operations are transformers' own, in float32; only the power may be another float32 by one
/// bit, 2^-23 of it, as PyTorch's is not rounded exactly. Each of the three roundings behind it
/// can then fall to the other side, 2^-24 to either side. llama3's mean of f and f / factor depends
/// on its share: context / wave - low, no less than low, moves by the same share of up to
/// high_factor, is divided by high - low, and moves f by 1 - 1 / factor of that, while the mean is
/// no less than f / factor.
double bound(const RopeSpec& rope) {
  constexpr double kPlain = 0x1p-23 + 3 * 0x1p-23;
  if (rope.scaling != RopeScaling::llama3) return kPlain;
  const double share = 2 * kPlain * rope.high_factor / (rope.high_factor - rope.low_factor);
  return kPlain + share * (rope.factor - 1);
}

void expect_frequencies(const RopeSpec& rope, const Json& golden, const std::string& name) {
  const std::vector<float> frequency_h = rope_frequencies(rope, rope_powers(rope));
  const auto expected = golden.at("frequency").get<std::vector<double>>();
  ASSERT_EQ(frequency_h.size(), expected.size()) << name;
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(frequency_h[i], expected[i], bound(rope) * expected[i]) << name << " pair " << i;
  EXPECT_DOUBLE_EQ(rope.attention_factor, golden.at("attention_factor").get<double>()) << name;
}

TEST(rope_json, frequencies_are_those_of_transformers_in_either_spelling) {
  const Json all = goldens();
  for (const auto& [name, golden] : all.items()) {
    const Json json = config_json(golden.at("config"));
    const Config config = read(json);
    expect_frequencies(rope_of(config), golden, name);
    EXPECT_EQ(rope_of(read(spelled_anew(json))), rope_of(config)) << name;
    if (!golden.contains("long")) continue;
    const Config extended = with_max_length(config, config.long_positions);
    expect_frequencies(rope_of(extended), golden.at("long"), name);
  }
}

TEST(rope_json, every_kind_that_scales_changes_the_frequencies_but_dynamic) {
  std::set<RopeScaling> seen;
  const Json all = goldens();
  for (const auto& [name, golden] : all.items()) {
    const RopeSpec rope = rope_of(read(config_json(golden.at("config"))));
    const RopeSpec plain{.theta = rope.theta, .dims = rope.dims};
    const std::vector<float> powers = rope_powers(rope);
    EXPECT_EQ(rope_frequencies(rope, powers) == rope_frequencies(plain, powers),
              rope.scaling == RopeScaling::dynamic)
        << name;
    seen.insert(rope.scaling);
  }
  EXPECT_EQ(seen.size(), 6U);
}

TEST(rope_json, longrope_has_its_short_factors_unless_a_longer_context_is_asked_for) {
  const Json json = config_json(goldens().at("Phi-3-mini-128k").at("config"));
  const Config config = read(json);
  EXPECT_EQ(config.max_positions, 4096);
  EXPECT_EQ(config.long_positions, 131072);
  EXPECT_FALSE(rope_of(config).is_long);
  EXPECT_TRUE(has(reason_for_max_positions(config), "max_length, up to 131072"));
  EXPECT_FALSE(rope_of(with_max_length(config, 4096)).is_long);
  const Config extended = with_max_length(config, 4097);
  EXPECT_EQ(extended.max_positions, 4097);
  EXPECT_TRUE(rope_of(extended).is_long);
  EXPECT_EQ(reason_for_max_positions(extended), "");
  EXPECT_FALSE(rope_of(with_max_length(extended, 100)).is_long);
  const auto refusal = message_of<Error>([&] { with_max_length(config, 131073); });
  EXPECT_TRUE(has(refusal, "131073") && has(refusal, "131072")) << refusal;
}

TEST(rope_json, dynamic_is_plain_up_to_the_original_context_and_goes_no_further) {
  Json json = config_json(goldens().at("internlm2-chat-7b").at("config"));
  EXPECT_EQ(read(json).max_positions, 32768);
  EXPECT_TRUE(has(reason_for_max_positions(read(json)), "dynamic"));
  EXPECT_THROW(with_max_length(read(json), 32769), Error);
  json["rope_scaling"]["original_max_position_embeddings"] = 2048;
  EXPECT_EQ(read(json).max_positions, 2048);
  EXPECT_THROW(with_max_length(read(json), 2049), Error);
}

TEST(rope_json, the_original_context_stands_beside_the_others_or_among_them_or_is_the_whole) {
  Json json = config_json(goldens().at("Llama-3.1-8B").at("config"));
  EXPECT_EQ(rope_of(read(json)).original_positions, 8192);
  EXPECT_EQ(read(json).max_positions, 131072);
  json["original_max_position_embeddings"] = 4096;
  EXPECT_EQ(rope_of(read(json)).original_positions, 4096);
  json.erase("original_max_position_embeddings");
  json["rope_scaling"].erase("original_max_position_embeddings");
  EXPECT_EQ(rope_of(read(json)).original_positions, 131072);
}

TEST(rope_json, theta_among_the_parameters_comes_before_the_one_beside_them) {
  Json json =
      config_json({{"rope_theta", 500.0}, {"rope_scaling", {{"type", "linear"}, {"factor", 2}}}});
  EXPECT_EQ(rope_of(read(json)).theta, 500);
  json["rope_scaling"]["rope_theta"] = 700;
  EXPECT_EQ(rope_of(read(json)).theta, 700);
  json["rope_parameters"] = json["rope_scaling"];
  EXPECT_EQ(rope_of(read(json)).theta, 700);
  json["rope_parameters"]["factor"] = 3;
  EXPECT_TRUE(has(failure(json), "rope_parameters")) << failure(json);
}

TEST(rope_json, what_is_unknown_missing_or_senseless_is_refused_by_name) {
  const Json llama3 = goldens().at("Llama-3.1-8B").at("config").at("rope_scaling"),
             yarn = goldens().at("yarn with all keys").at("config").at("rope_scaling"),
             longrope = goldens().at("Phi-3-mini-128k").at("config").at("rope_scaling");
  struct Refused {
    Json scaling;
    const char *key, *value, *said;
  };
  const Refused kRefused[] = {
      {llama3, "rope_type", "\"mrope\"", "\"mrope\" is not implemented; known are \"default\""},
      {llama3, "rope_type", "7", "key \"rope_type\""},
      {llama3, "rope_type", "\"linear\"", "unknown key \"high_freq_factor\""},
      {llama3, "beta_fast", "32", "unknown key \"beta_fast\" with value 32"},
      {llama3, "factor", "null", "key \"factor\" is missing; scaling \"llama3\" needs it"},
      {llama3, "low_freq_factor", "null", "key \"low_freq_factor\" is missing"},
      {llama3, "high_freq_factor", "1", "high_freq_factor is 1"},
      {llama3, "factor", "\"8\"", "expected a number"},
      {llama3, "factor", "0.5", "factor is 0.5"},
      {llama3, "original_max_position_embeddings", "0", "original_max_position_embeddings"},
      {yarn, "factor", "null", "key \"factor\" is missing"},
      {yarn, "truncate", "1", "truncate"},
      {yarn, "beta_slow", "25", "beta_slow"},
      {yarn, "attention_factor", "-1", "attention_factor"},
      {longrope, "short_factor", "null", "key \"short_factor\" is missing"},
      {longrope, "long_factor", "[1, 2]", "long_factor has 2 factors; expected 48"},
      {longrope, "long_factor", "[\"1\"]", "key \"long_factor\": expected numbers"},
      {longrope, "long_factor", "1", "key \"long_factor\": expected a list"},
  };
  for (const Refused& refused : kRefused) {
    Json json =
        config_json({{"head_dim", 96}, {"max_position_embeddings", 131072}, {"rope_theta", 1e4}});
    json["rope_scaling"] = refused.scaling;
    EXPECT_EQ(failure(json), "");
    json["rope_scaling"][refused.key] = Json::parse(refused.value);
    const std::string message = failure(json);
    EXPECT_TRUE(message.starts_with("config.json: ")) << message;
    EXPECT_TRUE(has(message, refused.said)) << refused.key << ": " << message;
  }
}

TEST(rope_json, null_and_nothing_are_no_scaling) {
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    for (const Json& none : {Json(nullptr), Json::object(), Json{{"rope_type", "default"}}}) {
      Json json = config_json(Json::object());
      json[key] = none;
      EXPECT_EQ(rope_of(read(json)), (RopeSpec{.theta = 10000, .dims = 16})) << none;
    }
    Json json = config_json(Json::object());
    json[key] = "linear";
    EXPECT_TRUE(has(failure(json), key)) << failure(json);
  }
}

}  // namespace
}  // namespace moe
