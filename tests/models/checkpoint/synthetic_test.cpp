#include "models/checkpoint/synthetic.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "models/checkpoint/rounding.h"
#include "models/target.h"
#include "tests/models/checkpoint/small_checkpoint.h"

namespace moe {
namespace {

std::vector<float> floats(const WeightView& view) {
  std::vector<float> out(view.bytes.size() / sizeof(float));
  std::memcpy(out.data(), view.bytes.data(), view.bytes.size());
  return out;
}

TEST(synthetic, a_seed_gives_the_same_bits_in_any_order) {
  const Config config = small_config("OlmoeForCausalLM");
  Synthetic one(config, 3, DType::f32), two(config, 3, DType::f32);
  std::map<std::string, std::string> forward;
  const std::vector<ParameterShape> names = parameters(config);
  for (const ParameterShape& p : names) forward[p.name] = text_of(one.weight(p.name).bytes);
  for (std::size_t i = names.size(); i-- > 0;) {
    EXPECT_EQ(text_of(two.weight(names[i].name).bytes), forward[names[i].name]);
    if (i % 3 == 0) two.release();
  }
}

TEST(synthetic, seeds_and_names_give_other_bits) {
  const Config config = small_config("MixtralForCausalLM");
  std::set<std::string> seen;
  std::size_t matrices = 0;
  for (const std::int64_t seed : {0, 1, 2}) {
    Synthetic weights(config, seed, DType::f32);
    for (const ParameterShape& p : parameters(config)) {
      if (p.shape.size() < 2) continue;
      ++matrices;
      seen.insert(text_of(weights.weight(p.name).bytes));
    }
  }
  EXPECT_EQ(seen.size(), matrices);
}

TEST(synthetic, a_config_of_fewer_layers_has_the_same_first_ones) {
  const Config whole = small_config();
  Config cut = whole;
  cut.layers.resize(1);
  Synthetic a(whole, 5, DType::bf16), b(cut, 5, DType::bf16);
  for (const ParameterShape& p : parameters(cut))
    EXPECT_EQ(text_of(a.weight(p.name).bytes), text_of(b.weight(p.name).bytes)) << p.name;
}

/// A large tensor is drawn by several threads, a small one by one.
TEST(synthetic, an_element_does_not_depend_on_how_many_there_are) {
  Config few = small_config(), many = few;
  few.vocab = 11;
  many.vocab = 40'001;
  for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
    Synthetic a(few, 5, dtype), b(many, 5, dtype);
    EXPECT_EQ(text_of(a.weight("embedding.weight").bytes),
              text_of(b.weight("embedding.weight").rows(0, few.vocab).bytes));
    Config fewer = many;
    for (const std::int64_t vocab : {40'000, 20'000, 9'000}) {
      fewer.vocab = vocab;
      Synthetic c(fewer, 5, dtype);
      EXPECT_EQ(text_of(c.weight("embedding.weight").bytes),
                text_of(b.weight("embedding.weight").rows(0, vocab).bytes));
    }
  }
}

TEST(synthetic, matrices_are_normal_and_norms_are_one) {
  Json json = small_config_json();
  json["vocab_size"] = 4000;
  json["hidden_size"] = 64;
  Synthetic weights(read_config(json, "c"), 1, DType::f32);
  const auto spread = [&](const char* name) {
    const std::vector<float> values = floats(weights.weight(name));
    double sum = 0, squares = 0;
    for (const float value : values) {
      sum += value;
      squares += static_cast<double>(value) * value;
    }
    const auto n = static_cast<double>(values.size());
    EXPECT_NEAR(sum / n, 0, 5 * std::sqrt(squares / n / n)) << name;  // five standard errors
    return std::sqrt(squares / n);
  };
  EXPECT_NEAR(spread("embedding.weight"), 1, 0.01);
  EXPECT_NEAR(spread("head.weight"), 1.0 / 8, 0.001);
  for (const float value : floats(weights.weight("norm.weight"))) EXPECT_EQ(value, 1.0F);
}

TEST(synthetic, half_precision_is_the_nearest_of_single) {
  const Config config = small_config();
  Synthetic single(config, 9, DType::f32), half(config, 9, DType::bf16);
  const std::vector<float> exact = floats(single.weight("head.weight"));
  const WeightView rounded = half.weight("head.weight");
  ASSERT_EQ(rounded.bytes.size(), 2 * exact.size());
  for (std::size_t i = 0; i < exact.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, rounded.bytes.data() + 2 * i, sizeof(bits));
    EXPECT_EQ(bits, to_bf16(exact[i]));
  }
}

TEST(synthetic, digests_tell_seed_dtype_and_shapes_apart) {
  const auto digest = [](std::string_view architecture, std::int64_t seed, DType dtype) {
    return Synthetic(small_config(architecture), seed, dtype).digest();
  };
  const std::set<std::string> all = {
      digest("LlamaForCausalLM", 0, DType::f32), digest("LlamaForCausalLM", 1, DType::f32),
      digest("LlamaForCausalLM", 0, DType::bf16), digest("OlmoeForCausalLM", 0, DType::f32)};
  EXPECT_EQ(all.size(), 4U);
  EXPECT_TRUE(all.contains(digest("LlamaForCausalLM", 0, DType::f32)));
}

TEST(synthetic, a_parameter_that_the_model_lacks_is_named) {
  Synthetic weights(small_config(), 0, DType::f32);
  EXPECT_TRUE(has(message_of<Error>([&] { weights.weight("router"); }), "router"));
}

TEST(synthetic, is_what_a_synthetic_target_opens) {
  const Target target = resolve_target("synthetic:demo-moe@seed=4,layers=1");
  const Config config = config_of(target);
  const auto opened = open_weights(target, config);
  Synthetic direct(config, 4, dtype_of(target, config));
  EXPECT_EQ(opened->digest(), direct.digest());
  EXPECT_EQ(text_of(opened->weight("norm.weight").bytes),
            text_of(direct.weight("norm.weight").bytes));
}

}  // namespace
}  // namespace moe
