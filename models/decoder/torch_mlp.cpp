#include "models/decoder/torch_mlp.h"

#include "harness/error.h"
#include "models/decoder/mlp_views.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

/// Rows of stacked tensors, filled from views and written down.
struct Filler {
  TorchParameters* kept = nullptr;

  void fill(const Tensor& whole, std::int64_t expert, std::int64_t begin,
            const WeightView& view) const {
    const TorchParameter place{
        .whole = whole, .expert = expert, .begin = begin, .rows = view.shape.at(0)};
    copy_to(place.of(whole), view);
    if (kept != nullptr) kept->add(view.parameter, place);
  }
};

Tensor activated(const FeedForwardSpec& spec, const Tensor& x) {
  switch (spec.activation) {
    case Activation::silu:
      return at::silu(x);
    case Activation::gelu:
      return at::gelu(x);
    case Activation::gelu_tanh:
      return at::gelu(x, "tanh");
    case Activation::clamped_swiglu:
      break;
  }
  return x * at::sigmoid(x * spec.alpha);
}

}  // namespace

TorchMlps torch_mlps(const FeedForwardSpec& spec, std::int64_t hidden,
                     std::span<const MlpViews> views, const at::TensorOptions& options,
                     TorchParameters* kept) {
  const auto experts = std::ssize(views);
  check_mlp_views(spec, views);
  require(spec.gated || spec.activation != Activation::clamped_swiglu,
          "the torch table has no ungated clamped_swiglu");
  const std::int64_t inner = (spec.gated ? 2 : 1) * hidden, dim = views[0].up_FD.shape.at(1);
  TorchMlps mlps{.inner_EID = at::empty({experts, inner, dim}, options),
                 .inner_bias_EI = spec.bias ? at::empty({experts, inner}, options) : Tensor(),
                 .down_EDF = at::empty({experts, dim, hidden}, options),
                 .down_bias_ED = spec.bias ? at::empty({experts, dim}, options) : Tensor()};
  const Filler filler{kept};
  for (std::int64_t e = 0; e < experts; ++e) {
    const MlpViews& mlp = views[static_cast<std::size_t>(e)];
    const std::int64_t up = spec.gated ? hidden : 0;
    if (mlp.gate_FD) filler.fill(mlps.inner_EID, e, 0, *mlp.gate_FD);
    filler.fill(mlps.inner_EID, e, up, mlp.up_FD);
    filler.fill(mlps.down_EDF, e, 0, mlp.down_DF);
    if (mlp.gate_bias_F) filler.fill(mlps.inner_bias_EI, e, 0, *mlp.gate_bias_F);
    if (mlp.up_bias_F) filler.fill(mlps.inner_bias_EI, e, up, *mlp.up_bias_F);
    if (mlp.down_bias_D) filler.fill(mlps.down_bias_ED, e, 0, *mlp.down_bias_D);
  }
  return mlps;
}

UnboundMlps::UnboundMlps(const TorchMlps& mlps)
    : hidden_(mlps.down_EDF.size(2)),
      inner_ID_(mlps.inner_EID.unbind(0)),
      down_DF_(mlps.down_EDF.unbind(0)) {
  if (mlps.inner_bias_EI.defined()) inner_bias_I_ = mlps.inner_bias_EI.unbind(0);
  if (mlps.down_bias_ED.defined()) down_bias_D_ = mlps.down_bias_ED.unbind(0);
}

Tensor UnboundMlps::linear(const std::vector<Tensor>& weights, const std::vector<Tensor>& biases,
                           std::int64_t first, std::span<const std::int64_t> rows_E,
                           const Tensor& x_R) {
  const auto expert = static_cast<std::size_t>(first);
  if (rows_E.size() == 1) {
    return at::linear(x_R, weights[expert], biases.empty() ? Tensor() : biases[expert]);
  }
  const std::vector<Tensor> x_E =
      x_R.split_with_sizes(at::IntArrayRef(rows_E.data(), rows_E.size()));
  std::vector<Tensor> outputs;
  for (std::size_t e = 0; e < rows_E.size(); ++e) {
    if (rows_E[e] == 0) continue;
    outputs.push_back(
        at::linear(x_E[e], weights[expert + e], biases.empty() ? Tensor() : biases[expert + e]));
  }
  return at::cat(outputs);
}

Tensor UnboundMlps::run(const FeedForwardSpec& spec, std::int64_t first,
                        std::span<const std::int64_t> rows_E, const Tensor& x_RD) const {
  const Tensor inner_RI = linear(inner_ID_, inner_bias_I_, first, rows_E, x_RD);
  if (!spec.gated) return linear(down_DF_, down_bias_D_, first, rows_E, activated(spec, inner_RI));
  Tensor gate_RF = inner_RI.narrow(-1, 0, hidden_), up_RF = inner_RI.narrow(-1, hidden_, hidden_);
  if (spec.activation == Activation::clamped_swiglu) {
    gate_RF = gate_RF.clamp_max(spec.limit);
    up_RF = up_RF.clamp(-spec.limit, spec.limit) + 1;
  }
  return linear(down_DF_, down_bias_D_, first, rows_E, activated(spec, gate_RF) * up_RF);
}

Tensor torch_mlp(const TorchMlps& mlps, const FeedForwardSpec& spec, const Tensor& x_RD) {
  const std::int64_t rows = x_RD.size(0);
  return UnboundMlps(mlps).run(spec, 0, {&rows, 1}, x_RD);
}

std::int64_t bytes_of(const TorchMlps& mlps) {
  return bytes_of(mlps.inner_EID) + bytes_of(mlps.inner_bias_EI) + bytes_of(mlps.down_EDF) +
         bytes_of(mlps.down_bias_ED);
}

}  // namespace moe
