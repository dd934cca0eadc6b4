// Gradients of the `torch` table against finite differences, in float64, with respect to inputs and
// weights.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <list>
#include <memory>

#include "harness/error.h"
#include "models/decoder/torch_parameters.h"
#include "tests/models/decoder/device_test.h"
#include "tests/models/tiny_model.h"

namespace moe {
namespace {

// The error of a central difference is of order h^2 times a third derivative, and of rounding 1e-16
// over h: about 1e-10 at this step, for values of order one.
constexpr double kStep = 1e-5, kBound = 1e-8;

Tensor pattern(at::IntArrayRef shape, double frequency) {
  std::int64_t elements = 1;
  for (const std::int64_t n : shape) elements *= n;
  return (at::arange(elements, at::kDouble) * frequency).cos().view(shape);
}

/// A scalar of a tensor in which every element has a weight of its own.
Tensor scalar_of(const Tensor& y) {
  return (y * pattern(y.sizes(), 0.9)).sum();
}

/// The derivative of `loss` along a few directions of each leaf, by autograd and by differences.
void expect_gradients(const std::function<Tensor()>& loss, std::vector<Tensor> leaves) {
  for (Tensor& leaf : leaves) leaf.requires_grad_(true);
  loss().backward();
  const c10::NoGradGuard plain;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    SCOPED_TRACE(i);
    Tensor& leaf = leaves[i];
    ASSERT_TRUE(leaf.grad().defined());
    for (const double frequency : {0.3, 0.7, 1.1}) {
      const Tensor along = pattern(leaf.sizes(), frequency);
      const auto moved = [&](double by) {
        const Tensor before = leaf.clone();
        leaf.add_(along, by);
        const double value = loss().item<double>();
        leaf.copy_(before);
        return value;
      };
      const double expected = (moved(kStep) - moved(-kStep)) / (2 * kStep);
      const double found = (leaf.grad() * along).sum().item<double>();
      EXPECT_NEAR(found, expected, kBound * std::max(1.0, std::abs(expected)));
    }
  }
}

class Gradients : public testing::Test {
 protected:
  Tensor input(at::IntArrayRef shape) { return pattern(shape, 0.37) + pattern(shape, 1.7); }

  /// A weight of the tiny model's kind, prepared under this name.
  WeightView view(const std::string& name, std::vector<std::int64_t> shape) {
    std::int64_t elements = 1;
    for (const std::int64_t n : shape) elements *= n;
    std::vector<float>& values = values_.emplace_back(static_cast<std::size_t>(elements));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(std::sin(1.3 * static_cast<double>(i + values_.size())));
    }
    return {
        .bytes = std::as_bytes(std::span(values)), .shape = std::move(shape), .parameter = name};
  }

  std::vector<Tensor> leaves_and(const Tensor& x) const {
    std::vector<Tensor> all = kept_.leaves();
    all.push_back(x);
    return all;
  }

  std::list<std::vector<float>> values_;
  TorchParameters kept_;
  std::unique_ptr<Ops> ops_ = torch_ops("cpu", at::kDouble, &kept_);
};

TEST_F(Gradients, of_embedding) {
  const PreparedWeight table = ops_->prepare_embedding(view("table", {7, 4}));
  const Tensor ids = at::tensor({3, 0, 3, 6}, at::kLong);
  expect_gradients([&] { return scalar_of(ops_->embedding(*table, ids)); }, kept_.leaves());
}

TEST_F(Gradients, of_both_norms) {
  const Tensor x = input({3, 6});
  for (const NormKind kind : {NormKind::rms, NormKind::layer}) {
    const WeightView weight = view(kind == NormKind::rms ? "rms" : "layer", {6});
    const PreparedWeight norm =
        ops_->prepare_norm({.kind = kind, .eps = 1e-5, .width = 6}, &weight);
    expect_gradients([&] { return scalar_of(ops_->norm(*norm, x)); },
                     {x, kept_.at(weight.parameter).whole});
  }
}

TEST_F(Gradients, of_linear_with_bias) {
  const Tensor x = input({3, 6});
  const WeightView bias = view("bias", {5});
  const PreparedWeight linear = ops_->prepare_linear(view("weight", {5, 6}), &bias);
  expect_gradients([&] { return scalar_of(ops_->linear(*linear, x)); }, leaves_and(x));
}

TEST_F(Gradients, of_rope) {
  AttentionSpec spec;
  spec.heads = 1;
  spec.rope = {.theta = 100, .dims = 4};
  const OneSequence five(*ops_, spec, 5);
  const Tensor x = input({5, 2, 6});
  expect_gradients([&] { return scalar_of(ops_->rope(five.step(), spec.rope, x)); }, {x});
}

TEST_F(Gradients, of_router_whichever_way_it_weighs) {
  const Tensor x = input({5, 6});
  const PreparedWeight router = ops_->prepare_router(view("router", {4, 6}));
  for (const Score score : {Score::softmax, Score::sigmoid}) {
    for (const bool renormalise : {false, true}) {
      const FeedForwardSpec spec{.hidden = 1,
                                 .experts = 4,
                                 .experts_per_token = 2,
                                 .score = score,
                                 .renormalise = renormalise};
      const auto loss = [&] { return scalar_of(ops_->router(*router, spec, x, {}).weight_TK); };
      for (Tensor leaf : leaves_and(x)) leaf.mutable_grad() = {};
      expect_gradients(loss, leaves_and(x));
    }
  }
}

TEST_F(Gradients, of_head) {
  const Tensor x = input({3, 6});
  const PreparedWeight head = ops_->prepare_head(view("head", {7, 6}));
  expect_gradients([&] { return scalar_of(ops_->head(*head, x).log_softmax(-1)); }, leaves_and(x));
}

TEST_F(Gradients, of_attention_with_sinks_window_and_softcap) {
  AttentionSpec spec;
  spec.heads = 4;
  spec.kv_heads = 2;
  spec.qk_dim = 6;
  spec.v_dim = 3;
  spec.scale = 0.4;
  spec.window = 3;
  const AttentionArgs args{.q_THd = input({5, 4, 6}),
                           .k_TGd = input({5, 2, 6}),
                           .v_TGe = input({5, 2, 3}),
                           .spec = &spec,
                           .additive_bias = input({4, 5, 5}),
                           .sinks_H = input({4}),
                           .softcap = 1.5};
  const OneSequence five(*ops_, spec, 5);
  expect_gradients([&] { return scalar_of(ops_->attention(five.step(), args)); },
                   {args.q_THd, args.k_TGd, args.v_TGe, args.additive_bias, args.sinks_H});
}

/// Gradients of a whole model of each kind: all weights, experts and dense MLPs among them.
class ModelGradients : public testing::TestWithParam<TinyShape> {
 protected:
  Tensor loss(Decoder& decoder) {
    const std::vector<TokenId> ids = some_ids(9, decoder.config().vocab);
    const std::vector<std::int32_t> asked = first_rows(ids.size());
    const Step step{.sequences = {{.new_ids = ids, .asked = asked}}};
    return scalar_of(decoder.head(decoder.step(step, nullptr).hidden_RD).log_softmax(-1));
  }
};

TEST_P(ModelGradients, are_finite_differences_and_reach_every_parameter) {
  Config config = tiny_config(GetParam());
  config.layers[0].attention.qk_norm = QkNorm::full_width;
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
  const Config config = tiny_config(GetParam());
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

INSTANTIATE_TEST_SUITE_P(, ModelGradients,
                         testing::Values(TinyShape{.layers = 2, .experts = 4},
                                         TinyShape{.layers = 2, .experts = 0}));

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
