#include "models/cost.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/family.h"
#include "models/library.h"

namespace moe {
namespace {

Config bundled(std::string_view name) {
  return read_config(required(bundled_config(name), "no config {}", name), name);
}

double billions(std::int64_t n) {
  return static_cast<double>(n) / 1e9;
}

TEST(cost, agrees_with_published_parameter_counts) {
  const auto total = [](std::string_view name) {
    return billions(parameter_counts(bundled(name)).total());
  };
  const auto active = [](std::string_view name) {
    return billions(active_parameters_with_embedding(bundled(name)));
  };
  EXPECT_NEAR(total("mixtral-8x7b-v0.1"), 46.70, 0.005);
  EXPECT_NEAR(active("mixtral-8x7b-v0.1"), 12.88, 0.005);
  EXPECT_NEAR(total("mixtral-8x22b-v0.1"), 140.62, 0.005);
  EXPECT_NEAR(active("mixtral-8x22b-v0.1"), 39.15, 0.005);
  EXPECT_NEAR(total("olmoe-1b-7b-0924"), 6.92, 0.005);
  EXPECT_NEAR(active("olmoe-1b-7b-0924"), 1.28, 0.005);
  EXPECT_NEAR(total("mistral-7b-v0.1"), 7.242, 0.0005);
  EXPECT_NEAR(total("llama-2-7b"), 6.738, 0.0005);
  EXPECT_NEAR(total("llama-2-13b"), 13.016, 0.0005);
  EXPECT_NEAR(total("llama-2-70b"), 68.977, 0.0005);
  EXPECT_NEAR(total("llama-3.1-8b"), 8.030, 0.0005);
}

TEST(cost, counts_what_the_decoder_asks_for) {
  for (const std::string_view name : config_names()) {
    const Config config = bundled(name);
    std::int64_t sum = 0;
    for (const ParameterShape& parameter : parameters(config)) {
      std::int64_t elements = 1;
      for (const std::int64_t n : parameter.shape) elements *= n;
      sum += elements;
    }
    EXPECT_EQ(parameter_counts(config).total(), sum) << name;
    EXPECT_EQ(weight_bytes(config, DType::bf16).total(), 2 * sum) << name;
  }
}

TEST(cost, the_demo_models_read_equally_much_for_a_token) {
  const auto moe = static_cast<double>(active_parameter_counts(bundled("demo-moe")).total());
  const auto dense = static_cast<double>(active_parameter_counts(bundled("demo-dense")).total());
  EXPECT_NEAR(moe / dense, 1, 0.01);
}

TEST(cost, a_dense_model_uses_all_it_has) {
  const Config config = bundled("llama-2-7b");
  EXPECT_EQ(active_parameters_with_embedding(config), parameter_counts(config).total());
  EXPECT_EQ(active_parameter_counts(config).router, 0);
}

TEST(cost, key_value_bytes_are_two_vectors_a_layer) {
  EXPECT_EQ(kv_bytes_per_token(bundled("mixtral-8x7b-v0.1"), DType::bf16),
            std::int64_t{32} * 2 * 8 * 128 * 2);
}

TEST(cost, flops_of_one_token_are_twice_its_parameters_and_the_attention) {
  const Config config = bundled("llama-2-7b");
  const ByPart flops = step_flops(config, {.batch = 1, .new_tokens = 1, .context = 0, .scored = 1});
  const ByPart active = active_parameter_counts(config);
  EXPECT_EQ(flops.experts, 2 * active.experts);
  EXPECT_EQ(flops.head, 2 * active.head);
  EXPECT_EQ(flops.attention, 2 * active.attention + std::int64_t{32} * 2 * 32 * (128 + 128));
}

TEST(cost, a_window_bounds_what_attention_reads) {
  Config config = bundled("mistral-7b-v0.1");
  const auto attention = [&](std::int64_t context) {
    return step_flops(config, {.batch = 1, .new_tokens = 1, .context = context, .scored = 1})
        .attention;
  };
  const auto bytes = [&](std::int64_t context) {
    return step_bytes(config, DType::bf16, DType::bf16,
                      {.batch = 1, .new_tokens = 1, .context = context, .scored = 1});
  };
  for (LayerSpec& layer : config.layers) layer.attention.window = 100;
  EXPECT_EQ(attention(200), attention(2000));
  EXPECT_LT(attention(50), attention(200));
  EXPECT_EQ(bytes(200), bytes(2000));
  EXPECT_LT(bytes(50), bytes(200));
}

TEST(cost, expected_experts_rise_from_top_k_to_all) {
  const FeedForwardSpec f{.hidden = 8, .experts = 64, .experts_per_token = 8};
  EXPECT_DOUBLE_EQ(expected_experts_touched(f, 1), 8);
  EXPECT_NEAR(expected_experts_touched(f, 10000), 64, 1e-9);
  EXPECT_DOUBLE_EQ(expected_experts_touched(f, 2), 64 * (1 - 0.875 * 0.875));
}

TEST(cost, of_packed_weights_counts_a_tied_head) {
  Config tied = bundled("olmoe-1b-7b-0924");
  tied.tied_embeddings = true;
  const std::int64_t table = tied.vocab * tied.dim;
  const auto head = [&](Quantisation q, bool packed) {
    return weight_bytes(tied, {DType::bf16, q, packed}).head;
  };
  EXPECT_EQ(head(Quantisation::none, false), 0);
  EXPECT_EQ(head(Quantisation::none, true), 2 * table);
  EXPECT_EQ(head(Quantisation::int4, true), table / 32 * 34);
  Config own = tied;
  own.tied_embeddings = false;
  EXPECT_EQ(weight_bytes(own, {DType::bf16, Quantisation::none, true}).total(),
            weight_bytes(own, DType::bf16).total());
}

TEST(cost, of_quantised_weights_is_that_of_their_blocks) {
  const Config config = bundled("olmoe-1b-7b-0924");
  const ByPart plain = weight_bytes(config, DType::bf16);
  const auto of = [&](Quantisation q) { return weight_bytes(config, {DType::bf16, q}); };
  EXPECT_EQ(of(Quantisation::none).total(), plain.total());
  for (const auto& [quantisation, bytes_of_block] :
       {std::pair(Quantisation::int8, 34), std::pair(Quantisation::int4, 20),
        std::pair(Quantisation::mxfp4, 18)}) {
    const ByPart kept = of(quantisation);
    EXPECT_EQ(kept.experts, plain.experts / 64 * bytes_of_block);
    EXPECT_EQ(kept.head, plain.head / 64 * 34) << "the head in int8";
    EXPECT_EQ(kept.router, plain.router);
    EXPECT_EQ(kept.norms, plain.norms);
    EXPECT_EQ(kept.embedding, plain.embedding);
    const StepLoad load{.batch = 1, .new_tokens = 1, .context = 100, .scored = 1};
    EXPECT_LT(step_bytes(config, {DType::bf16, quantisation}, DType::f32, load),
              step_bytes(config, DType::bf16, DType::f32, load));
  }
}

}  // namespace
}  // namespace moe
