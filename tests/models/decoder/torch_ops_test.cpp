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

TEST_P(TorchOps, equal_scores_go_to_the_lower_expert) {
  const std::vector<float> zeros(std::size_t{6} * 4, 0.0F);
  const WeightView weight{.bytes = std::as_bytes(std::span(zeros)), .shape = {6, 4}};
  const PreparedWeight router = ops().prepare_router(weight);
  const FeedForwardSpec spec{.hidden = 1, .experts = 6, .experts_per_token = 3};
  const Routing routing = ops().router(*router, spec, at::ones({2, 4}, ops().activations()), {});
  EXPECT_TRUE(routing.expert_TK.to(at::kCPU).equal(at::arange(3).expand({2, 3})));
  EXPECT_TRUE(routing.weight_TK.to(at::kCPU).allclose(at::full({2, 3}, 1.0 / 6)));
}

TEST_P(TorchOps, a_sigmoid_router_scores_each_expert_alone) {
  const std::vector<float> rows = {0, 2, -1};
  const WeightView weight{.bytes = std::as_bytes(std::span(rows)), .shape = {3, 1}};
  const PreparedWeight router = ops().prepare_router(weight);
  const FeedForwardSpec spec{
      .hidden = 1, .experts = 3, .experts_per_token = 2, .score = Score::sigmoid};
  const Routing routing = ops().router(*router, spec, at::ones({1, 1}, ops().activations()), {});
  EXPECT_TRUE(routing.expert_TK.to(at::kCPU).equal(at::tensor({1, 0}, at::kLong).view({1, 2})));
  const Tensor expected = at::tensor({1 / (1 + std::exp(-2.0)), 0.5}, at::kFloat).view({1, 2});
  EXPECT_TRUE(routing.weight_TK.to(at::kCPU).allclose(expected));
}

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

struct HeadShape {
  std::int64_t heads = 0, groups = 0, qk_dim = 0, v_dim = 0;
};

AttentionSpec attention_spec(const HeadShape& shape, double scale) {
  AttentionSpec spec;
  spec.heads = shape.heads;
  spec.kv_heads = shape.groups;
  spec.qk_dim = shape.qk_dim;
  spec.v_dim = shape.v_dim;
  spec.scale = scale;
  return spec;
}

/// One query's attention, written out: scores, softcap, bias, what is hidden, sinks, softmax.
Tensor written_out(const AttentionArgs& args, std::int64_t i, std::int64_t head) {
  const AttentionSpec& spec = *args.spec;
  const std::int64_t group = head / (spec.heads / spec.kv_heads), keys = args.k_TGd.size(0);
  Tensor y = at::zeros({spec.v_dim}, at::kDouble);
  double sum = args.sinks_H.defined() ? std::exp(args.sinks_H[head].item<double>()) : 0;
  for (std::int64_t j = 0; j < keys; ++j) {
    if ((args.causal && j > i) || (spec.window && j <= i - *spec.window)) continue;
    double score = spec.scale * args.q_THd[i][head].dot(args.k_TGd[j][group]).item<double>();
    if (args.softcap > 0) score = args.softcap * std::tanh(score / args.softcap);
    if (args.additive_bias.defined()) score += args.additive_bias[head][i][j].item<double>();
    sum += std::exp(score);
    y += std::exp(score) * args.v_TGe[j][group].to(at::kCPU, at::kDouble);
  }
  return y / sum;
}

TEST_P(TorchOps, attention_is_its_definition_with_window_bias_sinks_and_softcap) {
  const at::TensorOptions options = ops().activations();
  const std::int64_t rows = 9;
  AttentionSpec spec = attention_spec({.heads = 4, .groups = 2, .qk_dim = 6, .v_dim = 3}, 0.4);
  const AttentionArgs plain{.q_THd = at::randn({rows, 4, 6}, options),
                            .k_TGd = at::randn({rows, 2, 6}, options),
                            .v_TGe = at::randn({rows, 2, 3}, options),
                            .spec = &spec,
                            .additive_bias = {},
                            .sinks_H = {}};
  for (const bool full : {false, true}) {
    AttentionArgs args = plain;
    spec.window = full ? std::optional<std::int64_t>(4) : std::nullopt;
    args.causal = full;
    args.softcap = full ? 1.5 : 0;
    if (full) args.additive_bias = at::randn({4, rows, rows}, options);
    if (full) args.sinks_H = at::randn({4}, options);
    const OneSequence step(ops(), spec, rows);
    const Tensor y =
        ops().attention(step.step(), args).to(at::kCPU, at::kDouble).view({rows, 4, 3});
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t head = 0; head < 4; ++head) {
        EXPECT_TRUE(y[i][head].allclose(written_out(args, i, head), 1e-4, 1e-5));
      }
    }
  }
}

TEST_P(TorchOps, attention_in_pieces_is_attention_at_once) {
  const at::TensorOptions options = ops().activations();
  const std::int64_t rows = 3000;  // 4 heads x 3000 x 3000 scores: many pieces on a CPU
  AttentionSpec spec = attention_spec({.heads = 4, .groups = 1, .qk_dim = 2, .v_dim = 2}, 1);
  spec.window = 700;
  const AttentionArgs args{.q_THd = at::randn({rows, 4, 2}, options),
                           .k_TGd = at::randn({rows, 1, 2}, options),
                           .v_TGe = at::randn({rows, 1, 2}, options),
                           .spec = &spec,
                           .additive_bias = {},
                           .sinks_H = {}};
  const Tensor y = ops().attention(OneSequence(ops(), spec, rows).step(), args);
  const Tensor i = at::arange(rows, options).unsqueeze(1), j = at::arange(rows, options);
  const Tensor scores = args.q_THd.permute({1, 0, 2}).matmul(args.k_TGd.permute({1, 2, 0}));
  const Tensor hidden = (j > i).logical_or(j <= i - 700);
  const Tensor whole = scores.masked_fill(hidden, -std::numeric_limits<double>::infinity())
                           .softmax(-1)
                           .matmul(args.v_TGe.permute({1, 0, 2}));
  EXPECT_TRUE(y.allclose(whole.permute({1, 0, 2}).reshape({rows, -1}), 1e-4, 1e-5));
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
                              {.force_TK = {}, .clock = clock}, &routing);
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
