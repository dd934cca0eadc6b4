// A `torch` table that keeps a record of its parameters: gradients reach all of them, and what is
// written to them is what runs.
#include <gtest/gtest.h>

#include "harness/error.h"
#include "models/decoder/torch_parameters.h"
#include "tests/models/decoder/finite_differences.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

/// Gradients of a whole model of each kind: all weights, experts and dense MLPs among them.
class ModelGradients : public testing::TestWithParam<const char*> {
 protected:
  static Config config_of(std::string_view kind) {
    Config config =
        tiny_config({.layers = 1, .experts = kind == "dense" ? 0 : 4, .experts_per_token = 3});
    if (kind != "everything") return config;
    for (LayerSpec& layer : config.layers) {
      layer.attention.qk_norm = QkNorm::full_width;
      layer.attention.qkv_bias = layer.attention.o_bias = layer.attention.sinks = true;
      FeedForwardSpec& ff = layer.feed_forward;
      ff.router_bias = ff.scale_input = ff.bias = ff.shared_gate = true;
      ff.activation = Activation::clamped_swiglu;
      ff.shared_hidden = 7;
    }
    return config;
  }

  static Tensor loss(Decoder& decoder) {
    const std::vector<TokenId> ids = some_ids(9, decoder.config().vocab);
    const std::vector<std::int32_t> asked = first_rows(ids.size());
    Step step;
    step.sequences.push_back({.new_ids = ids, .asked = asked});
    return scalar_of(decoder.head(decoder.step(step, nullptr).hidden_RD).log_softmax(-1));
  }
};

TEST_P(ModelGradients, are_finite_differences_and_reach_every_parameter) {
  const Config config = config_of(GetParam());
  TinyWeights weights(config);
  TorchParameters kept;
  const auto ops = torch_ops("cpu", at::kDouble, &kept);
  Decoder decoder(config, *ops, weights);
  expect_gradients([&] { return loss(decoder); }, kept.leaves());
  ASSERT_EQ(kept.by_name().size(), parameters(config).size());
  for (const ParameterShape& parameter : parameters(config)) {
    const TorchParameter& found = kept.at(parameter.name);
    EXPECT_EQ(found.of(found.whole).sizes(), at::IntArrayRef(parameter.shape)) << parameter.name;
    EXPECT_GT(found.of(found.whole.grad()).abs().max().item<double>(), 0) << parameter.name;
  }
}

TEST_P(ModelGradients, what_is_updated_in_place_by_name_is_what_runs) {
  const Config config = config_of(GetParam());
  TinyWeights before(config), after(config, /*seed=*/1);
  TorchParameters kept;
  const auto ops = torch_ops("cpu", at::kFloat, &kept);
  const auto plain = torch_ops("cpu", DType::f32);
  Decoder trained(config, *ops, before), loaded(config, *plain, after);
  for (const auto& [name, parameter] : kept.by_name()) {
    parameter.of(parameter.whole)
        .copy_(at::tensor(after.values(name)).view_as(parameter.of(parameter.whole)));
  }
  const std::vector<TokenId> ids = some_ids(9, config.vocab);
  EXPECT_TRUE(logits_of(trained, ids).equal(logits_of(loaded, ids)));
}

INSTANTIATE_TEST_SUITE_P(, ModelGradients, testing::Values("mixture", "dense", "everything"));

TEST(TorchParameters, are_of_one_model_and_have_names) {
  TorchParameters kept;
  const auto ops = torch_ops("cpu", at::kFloat, &kept);
  const std::vector<float> values(6);
  WeightView view{.bytes = std::as_bytes(std::span(values)), .shape = {2, 3}};
  EXPECT_THROW(ops->prepare_head(view), Error);
  view.parameter = "head.weight";
  ops->prepare_head(view);
  EXPECT_THROW(ops->prepare_head(view), Error);
  EXPECT_THROW(kept.at("embedding.weight"), Error);
}

}  // namespace
}  // namespace moe
