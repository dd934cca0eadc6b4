// Gradients of the `torch` table against finite differences, in float64, with respect to inputs and
// weights.
#include <gtest/gtest.h>

#include <cmath>
#include <list>
#include <memory>

#include "models/decoder/torch_parameters.h"
#include "tests/models/decoder/finite_differences.h"

namespace moe {
namespace {

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
  for (const Score score : {Score::softmax, Score::sigmoid, Score::softmax_of_chosen}) {
    for (const bool renormalise : {false, true}) {
      if (renormalise && score == Score::softmax_of_chosen) continue;  // sums to one already
      const FeedForwardSpec spec{.hidden = 1,
                                 .experts = 4,
                                 .experts_per_token = 2,
                                 .score = score,
                                 .renormalise = renormalise,
                                 .routed_scale = 2.5,
                                 .router_bias = true};
      const Tensor x = input({5, 6});
      TorchParameters kept;
      const auto ops = torch_ops("cpu", at::kDouble, &kept);
      const PreparedWeight router = ops->prepare_router(
          spec, {.weight_ED = view("router", {4, 6}), .bias_E = view("bias", {4})});
      expect_gradients([&] { return scalar_of(ops->router(*router, spec, x, {}).weight_TK); },
                       {x, kept.at("router").whole, kept.at("bias").whole});
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
  spec.softcap = 1.5;
  spec.sinks = true;
  const PreparedWeight sinks = ops_->prepare_sinks(view("sinks", {4}));
  const AttentionArgs args{.q_THd = input({5, 4, 6}),
                           .k_TGd = input({5, 2, 6}),
                           .v_TGe = input({5, 2, 3}),
                           .spec = &spec,
                           .additive_bias = input({4, 5, 5}),
                           .sinks = sinks.get()};
  const OneSequence five(*ops_, spec, 5);
  expect_gradients(
      [&] { return scalar_of(ops_->attention(five.step(), args)); },
      {args.q_THd, args.k_TGd, args.v_TGe, args.additive_bias, kept_.at("sinks").whole});
}

}  // namespace
}  // namespace moe
