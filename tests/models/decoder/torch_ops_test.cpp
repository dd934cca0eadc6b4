// The `torch` table against its definitions, written out, and its gradients.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <numbers>

#include "harness/error.h"
#include "models/decoder/device.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

class TorchOps : public OnDevice {};

TEST_P(TorchOps, layer_norm_has_mean_zero_and_variance_one_before_its_weight) {
  const std::vector<float> ramp = {1, 2, 3, 4};
  const WeightView weight{.bytes = std::as_bytes(std::span(ramp)), .shape = {4}};
  const PreparedWeight norm =
      ops().prepare_norm({.kind = NormKind::layer, .eps = 0, .width = 4}, &weight);
  const Tensor x = at::tensor({2.F, 4.F, 4.F, 6.F}).view({1, 4}).to(ops().activations().device());
  const auto root = static_cast<float>(std::numbers::sqrt2);
  const Tensor expected = at::tensor({-root, 0.F, 0.F, 4 * root}).view({1, 4});
  EXPECT_TRUE(ops().norm(*norm, x).to(at::kCPU).allclose(expected));
}

TEST_P(TorchOps, rope_turns_the_first_dims_and_leaves_the_rest) {
  const Tensor x = at::rand({3, 2, 6}, ops().activations());
  AttentionSpec spec;
  spec.heads = 1;
  spec.rope = {.theta = 100, .dims = 4};
  const OneSequence three(ops(), spec, 3);
  const Tensor y = ops().rope(three.step(), spec.rope, x);
  EXPECT_TRUE(y[0].allclose(x[0]));
  EXPECT_TRUE(y.narrow(-1, 4, 2).equal(x.narrow(-1, 4, 2)));
  EXPECT_TRUE(y.norm(2, -1).allclose(x.norm(2, -1)));
  const double a = x[2][1][1].item<double>(), b = x[2][1][3].item<double>();
  const double angle = 2 * std::pow(100, -0.5);
  EXPECT_NEAR(y[2][1][1].item<double>(), a * std::cos(angle) - b * std::sin(angle), 1e-6);
  EXPECT_NEAR(y[2][1][3].item<double>(), b * std::cos(angle) + a * std::sin(angle), 1e-6);
}

TEST_P(TorchOps, what_a_step_was_not_begun_for_is_refused) {
  AttentionSpec spec;
  spec.heads = 1;
  spec.rope = {.theta = 100, .dims = 4};
  const OneSequence three(ops(), spec, 3);
  const Tensor x = at::rand({3, 1, 4}, ops().activations());
  EXPECT_THROW(ops().rope(three.step(), {.theta = 200, .dims = 4}, x), Error);
  EXPECT_THROW(ops().rope(TableStep(), spec.rope, x), Error);  // of another table
}

/// The sum of a block's outputs, each with a fixed weight: a scalar to differentiate.
Tensor loss(const Ops& ops, const Config& config, TinyWeights& weights, const Tensor& x_TD) {
  const LayerSpec& spec = config.layers[0];
  const Attention attention =
      prepare_attention(ops, config, spec.attention, weights, "blocks.0.attention.");
  const FeedForward mixture =
      prepare_feed_forward(ops, spec.feed_forward, config.dim, weights, "blocks.0.");
  const at::TensorOptions options = ops.activations();
  const OneSequence sequence(ops, spec.attention, x_TD.size(0));
  StepClock clock(nullptr, options.device());
  const Tensor y_TD = x_TD + forward(ops, attention, spec.attention, x_TD, sequence.step(), 0);
  Routing routing;
  const Tensor z_TD = forward(ops, std::get<Mixture>(mixture), spec.feed_forward, y_TD,
                              {.router = {}, .clock = clock}, &routing);
  const Tensor direction = at::arange(z_TD.numel(), options).cos().view_as(z_TD);
  return ((y_TD + z_TD) * direction).sum();
}

TEST_P(TorchOps, gradients_of_a_block_are_its_finite_differences) {
  const Config config = tiny_config({.layers = 1, .experts = 4, .experts_per_token = 2});
  TinyWeights weights(config);
  const at::TensorOptions options = ops().activations();
  const Tensor start = at::arange(6 * config.dim, options).sin().view({6, config.dim});
  Tensor x = start.clone().requires_grad_(true);
  loss(ops(), config, weights, x).backward();
  ASSERT_TRUE(x.grad().defined());
  for (const double frequency : {0.3, 0.7, 1.1}) {
    const Tensor along =
        (at::arange(start.numel(), options) * frequency).cos().view_as(start) * 1e-2;
    const double up = loss(ops(), config, weights, start + along).item<double>();
    const double down = loss(ops(), config, weights, start - along).item<double>();
    const double expected = 2 * (x.grad() * along).sum().item<double>();
    EXPECT_NEAR(up - down, expected, 2e-3 * std::max(1.0, std::abs(expected)));
  }
}

TEST_P(TorchOps, head_scores_are_those_of_the_logits_however_few_rows_fit_at_a_time) {
  const std::vector<float> rows = {1, 0, 0, 1, 1, 0, -1, 2, 0.5, 0.5};  // rows 0 and 2 are equal
  const WeightView weight{.bytes = std::as_bytes(std::span(rows)), .shape = {5, 2}};
  const PreparedWeight head = ops().prepare_head(weight);
  const Tensor hidden = at::randn({7, 2}, ops().activations());
  hidden[0].copy_(at::tensor({3.F, 0.F}));
  const std::vector<std::int64_t> row = {0, 0, 1, 3, 6, 6}, id = {0, 2, 4, 1, 3, 3};
  const Tensor log_p_RV = ops().head(*head, hidden).to(at::kCPU).log_softmax(-1);
  for (const std::int64_t bytes : {1, 41, 1000}) {
    const HeadScores scores =
        ops().head_scores(*head, hidden, {.row = row, .id = id, .logit_bytes = bytes});
    ASSERT_EQ(scores.log_p_N.sizes(), at::IntArrayRef({6}));
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      EXPECT_NEAR(scores.log_p_N[at].item<double>(), log_p_RV[row[i]][id[i]].item<double>(), 1e-6);
      EXPECT_EQ(scores.is_best_N[at].item<bool>(),
                log_p_RV[row[i]].argmax().item<std::int64_t>() == id[i]);
    }
    EXPECT_TRUE(scores.is_best_N[0].item<bool>());
    EXPECT_FALSE(scores.is_best_N[1].item<bool>());  // a tie goes to the first
  }
  EXPECT_EQ(ops().head_scores(*head, hidden, {}).log_p_N.size(0), 0);
  const std::vector<std::int64_t> backwards = {3, 1}, outside = {0, 7}, two = {0, 0};
  EXPECT_THROW(ops().head_scores(*head, hidden, {.row = backwards, .id = two}), Error);
  EXPECT_THROW(ops().head_scores(*head, hidden, {.row = outside, .id = two}), Error);
  EXPECT_THROW(ops().head_scores(*head, hidden, {.row = two, .id = {}}), Error);
}

TEST(device, that_does_not_exist_is_an_error_that_says_what_is_missing) {
  EXPECT_THROW(open_device("tpu"), Error);
  EXPECT_THROW(open_device("cuda:x"), Error);
  try {
    open_device("cuda:999");
    FAIL() << "a machine with 1000 GPUs";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("cuda"), std::string::npos) << error.what();
  }
}

TEST(device, halves_and_bfloats_run_and_agree_to_their_precision) {
  const Config config = tiny_config();
  const auto with = [&](DType dtype) {
    const auto ops = torch_ops("cpu", dtype);
    TinyWeights weights(config);
    Decoder decoder(config, *ops, weights);
    const std::vector<TokenId> ids = some_ids(12, config.vocab);
    return logits_of(decoder, ids);
  };
  const Tensor exact = with(DType::f32);
  EXPECT_EQ(with(DType::bf16).scalar_type(), at::kFloat);
  EXPECT_LE((with(DType::f16) - exact).abs().mean().item<double>(), 0.02);
  EXPECT_LE((with(DType::bf16) - exact).abs().mean().item<double>(), 0.2);
}

INSTANTIATE_TEST_SUITE_P(decoder, TorchOps, testing::Values("cpu", "cuda"), device_name);

}  // namespace
}  // namespace moe
