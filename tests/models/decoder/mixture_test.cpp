// Routers and experts of every table against plain loops, for what each family needs.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "harness/error.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/decoder/written_out.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

struct Kind {
  const char* name = "";
  FeedForwardSpec spec;
};

const Kind kKinds[] = {
    {"deepseek_v2",
     {.hidden = 12,
      .experts = 8,
      .experts_per_token = 3,
      .routed_scale = 16,
      .groups = 4,
      .groups_kept = 2,
      .shared_hidden = 7}},
    {"deepseek_v3",
     {.hidden = 12,
      .experts = 8,
      .experts_per_token = 3,
      .score = Score::sigmoid,
      .renormalise = true,
      .routed_scale = 2.5,
      .correction_bias = true,
      .router_f32 = true,
      .groups = 4,
      .groups_kept = 2,
      .group_score = GroupScore::best_two,
      .shared_hidden = 12}},
    {"gpt_oss",
     {.hidden = 12,
      .experts = 8,
      .experts_per_token = 3,
      .score = Score::softmax_of_chosen,
      .router_bias = true,
      .activation = Activation::clamped_swiglu,
      .limit = 0.5,
      .bias = true}},
    {"llama4",
     {.hidden = 12,
      .experts = 8,
      .experts_per_token = 1,
      .score = Score::sigmoid,
      .scale_input = true,
      .shared_hidden = 12}},
    {"qwen2_moe",
     {.hidden = 12, .experts = 8, .experts_per_token = 3, .shared_hidden = 9, .shared_gate = true}},
    {"nllb",
     {.hidden = 12,
      .experts = 8,
      .experts_per_token = 2,
      .renormalise = true,
      .activation = Activation::gelu,
      .gated = false,
      .bias = true}},
    {"grok",
     {.hidden = 12, .experts = 8, .experts_per_token = 2, .activation = Activation::gelu_tanh}},
    {"dense_with_biases", {.hidden = 12, .activation = Activation::gelu, .bias = true}},
    {"dense_ungated", {.hidden = 12, .activation = Activation::gelu_tanh, .gated = false}},
};

class MixtureOps : public OnDevice {};

TEST_P(MixtureOps, every_kind_of_feed_forward_is_its_definition) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(kind.name);
    Config config = tiny_config({.layers = 1});
    config.layers[0].feed_forward = kind.spec;
    TinyWeights weights(config);
    FeedForwardWrittenOut written_out(config, weights);
    const FeedForward part =
        prepare_feed_forward(ops(), kind.spec, config.dim, weights, "blocks.0.");
    const at::TensorOptions options = ops().activations();
    const Tensor x_TD = at::arange(11 * config.dim, options).sin().view({11, config.dim}) * 2;
    StepClock clock(nullptr, options.device());
    Routing routing;
    const Tensor y_TD = std::visit(
        [&](const auto& ff) {
          return forward(ops(), ff, kind.spec, x_TD, {.router = {}, .clock = clock}, &routing);
        },
        part);
    const Tensor x = x_TD.to(at::kCPU), y = y_TD.to(at::kCPU);
    for (std::int64_t t = 0; t < x.size(0); ++t) {
      const float* row = x[t].const_data_ptr<float>();
      const std::vector<double> expected =
          written_out.output(std::vector<double>(row, row + config.dim));
      const Tensor wanted = at::tensor(expected, at::kDouble);
      EXPECT_TRUE(y[t].to(at::kDouble).allclose(wanted, 1e-4, 1e-5)) << y[t] << wanted;
    }
  }
}

TEST_P(MixtureOps, equal_scores_go_to_the_lower_expert) {
  const std::vector<float> zeros(std::size_t{6} * 4, 0.0F);
  const WeightView weight{.bytes = std::as_bytes(std::span(zeros)), .shape = {6, 4}};
  const FeedForwardSpec spec{.hidden = 1, .experts = 6, .experts_per_token = 3};
  const PreparedWeight router = ops().prepare_router(spec, {.weight_ED = weight});
  const Routing routing = ops().router(*router, spec, at::ones({2, 4}, ops().activations()), {});
  EXPECT_TRUE(routing.expert_TK.to(at::kCPU, at::kLong).equal(at::arange(3).expand({2, 3})));
  EXPECT_TRUE(routing.weight_TK.to(at::kCPU).allclose(at::full({2, 3}, 1.0 / 6)));
}

TEST_P(MixtureOps, a_correction_moves_the_choice_and_not_the_weight) {
  const std::vector<float> rows = {3, 2, 1}, correction = {0, 0, 5};
  const FeedForwardSpec spec{.hidden = 1,
                             .experts = 3,
                             .experts_per_token = 1,
                             .score = Score::sigmoid,
                             .correction_bias = true};
  const PreparedWeight router = ops().prepare_router(
      spec,
      {.weight_ED = {.bytes = std::as_bytes(std::span(rows)), .shape = {3, 1}},
       .correction_E = WeightView{.bytes = std::as_bytes(std::span(correction)), .shape = {3}}});
  const Routing routing = ops().router(*router, spec, at::ones({1, 1}, ops().activations()), {});
  EXPECT_EQ(routing.expert_TK.item<std::int64_t>(), 2);
  EXPECT_NEAR(routing.weight_TK.item<double>(), 1 / (1 + std::exp(-1.0)), 1e-6);
}

TEST_P(MixtureOps, views_that_are_not_the_specs_are_refused) {
  const std::vector<float> values(4);
  const WeightView square{.bytes = std::as_bytes(std::span(values)), .shape = {2, 2}};
  const FeedForwardSpec gated{.hidden = 2}, biased{.hidden = 2, .gated = false, .bias = true};
  const ExpertViews ungated{.experts = {{.up_FD = square, .down_DF = square}}};
  EXPECT_THROW(ops().prepare_experts(gated, ungated), Error);
  EXPECT_THROW(ops().prepare_experts(biased, ungated), Error);
  EXPECT_THROW(ops().prepare_experts(gated, {.experts = {}}), Error);
}

INSTANTIATE_TEST_SUITE_P(decoder, MixtureOps, testing::Values("cpu", "fast", "cuda"), device_name);

}  // namespace
}  // namespace moe
