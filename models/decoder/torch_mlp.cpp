#include "models/decoder/torch_mlp.h"

#include "harness/error.h"
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
    place.of(whole).copy_(borrowed(view));
    if (kept != nullptr) kept->add(view.parameter, place);
  }
};

void check(const FeedForwardSpec& spec, const MlpViews& views) {
  require(views.gate_FD.has_value() == spec.gated, "an MLP {} a gate, of a spec {} one",
          views.gate_FD ? "with" : "without", spec.gated ? "with" : "without");
  require(views.up_bias_F.has_value() == spec.bias && views.down_bias_D.has_value() == spec.bias &&
              views.gate_bias_F.has_value() == (spec.bias && spec.gated),
          "an MLP whose biases are not those of its spec, which has {}",
          spec.bias ? "all" : "none");
}

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
  require(experts >= 1, "a feed-forward without an expert");
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
    check(spec, mlp);
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

Tensor torch_mlp(const TorchMlps& mlps, const FeedForwardSpec& spec, std::int64_t expert,
                 const Tensor& x_RD) {
  const auto linear = [&](const Tensor& x, const Tensor& weight, const Tensor& bias) {
    return bias.defined() ? at::linear(x, weight[expert], bias[expert])
                          : at::linear(x, weight[expert]);
  };
  const std::int64_t hidden = mlps.down_EDF.size(2);
  const Tensor inner_RI = linear(x_RD, mlps.inner_EID, mlps.inner_bias_EI);
  if (!spec.gated) return linear(activated(spec, inner_RI), mlps.down_EDF, mlps.down_bias_ED);
  Tensor gate_RF = inner_RI.narrow(-1, 0, hidden), up_RF = inner_RI.narrow(-1, hidden, hidden);
  if (spec.activation == Activation::clamped_swiglu) {
    gate_RF = gate_RF.clamp_max(spec.limit);
    up_RF = up_RF.clamp(-spec.limit, spec.limit) + 1;
  }
  return linear(activated(spec, gate_RF) * up_RF, mlps.down_EDF, mlps.down_bias_ED);
}

std::int64_t bytes_of(const TorchMlps& mlps) {
  return bytes_of(mlps.inner_EID) + bytes_of(mlps.inner_bias_EI) + bytes_of(mlps.down_EDF) +
         bytes_of(mlps.down_bias_ED);
}

}  // namespace moe
