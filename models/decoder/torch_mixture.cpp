#include "models/decoder/torch_mixture.h"

#include "harness/error.h"
#include "models/decoder/tensors.h"

namespace moe {

TorchExperts torch_experts(const FeedForwardSpec& spec, const ExpertViews& views,
                           const at::TensorOptions& options) {
  const auto experts = std::ssize(views.gate_FD);
  require(
      experts >= 1 && std::ssize(views.up_FD) == experts && std::ssize(views.down_DF) == experts,
      "experts: {} gates, {} ups and {} downs: expected one of each for every expert", experts,
      views.up_FD.size(), views.down_DF.size());
  const std::int64_t hidden = spec.hidden, dim = views.gate_FD[0].shape.at(1);
  TorchExperts kept{.gate_up_E2FD = at::empty({experts, 2 * hidden, dim}, options),
                    .down_EDF = at::empty({experts, dim, hidden}, options)};
  for (std::int64_t e = 0; e < experts; ++e) {
    const auto i = static_cast<std::size_t>(e);
    kept.gate_up_E2FD[e].narrow(0, 0, hidden).copy_(borrowed(views.gate_FD[i]));
    kept.gate_up_E2FD[e].narrow(0, hidden, hidden).copy_(borrowed(views.up_FD[i]));
    kept.down_EDF[e].copy_(borrowed(views.down_DF[i]));
  }
  return kept;
}

void record(const TorchExperts& experts, const ExpertViews& views, TorchParameters& kept) {
  const std::int64_t dim = experts.down_EDF.size(1), hidden = experts.down_EDF.size(2);
  for (std::int64_t e = 0; e < experts.down_EDF.size(0); ++e) {
    const auto i = static_cast<std::size_t>(e);
    const auto add = [&](const WeightView& view, const Tensor& whole, std::int64_t begin,
                         std::int64_t rows) {
      kept.add(view.parameter, {.whole = whole, .expert = e, .begin = begin, .rows = rows});
    };
    add(views.gate_FD[i], experts.gate_up_E2FD, 0, hidden);
    add(views.up_FD[i], experts.gate_up_E2FD, hidden, hidden);
    add(views.down_DF[i], experts.down_EDF, 0, dim);
  }
}

Routing torch_route(const Tensor& logits_TE, const FeedForwardSpec& spec, const Tensor& force_TK) {
  const at::ScalarType dtype = wide(logits_TE.scalar_type());
  const Tensor score_TE = spec.score == Score::softmax ? at::softmax(logits_TE, -1, dtype)
                                                       : at::sigmoid(logits_TE.to(dtype));
  // A stable sort, because topk does not say which of two equal scores it takes.
  const Tensor expert_TK =
      force_TK.defined()
          ? force_TK
          : std::get<1>(at::sort(score_TE, /*stable=*/true, /*dim=*/-1, /*descending=*/true))
                .narrow(-1, 0, spec.experts_per_token)
                .contiguous();
  Tensor weight_TK = score_TE.gather(-1, expert_TK);
  if (spec.renormalise) weight_TK = weight_TK / weight_TK.sum(-1, /*keepdim=*/true);
  return {.logits_TE = logits_TE, .weight_TK = weight_TK, .expert_TK = expert_TK};
}

Tensor torch_swiglu(const TorchExperts& experts, std::int64_t expert, const Tensor& x_RD) {
  const std::int64_t hidden = experts.down_EDF.size(2);
  const Tensor gate_up_R2F = at::linear(x_RD, experts.gate_up_E2FD[expert]);
  const Tensor h_RF =
      at::silu(gate_up_R2F.narrow(-1, 0, hidden)) * gate_up_R2F.narrow(-1, hidden, hidden);
  return at::linear(h_RF, experts.down_EDF[expert]);
}

Tensor torch_mixture(const TorchExperts& experts, const Tensor& x_TD, const Routing& routing) {
  const std::int64_t choices = routing.expert_TK.size(1);
  const Tensor expert_N = routing.expert_TK.reshape(-1);
  const Tensor order_N =
      std::get<1>(at::sort(expert_N, /*stable=*/true, /*dim=*/0, /*descending=*/false));
  const Tensor token_N = order_N.div(choices, "floor");
  const Tensor weight_N1 = routing.weight_TK.reshape(-1).index_select(0, order_N).unsqueeze(1);
  const Tensor count_E =
      at::bincount(expert_N, {}, experts.down_EDF.size(0)).to(at::kCPU).contiguous();
  // Adding in place is safe for autograd (the sum's gradient needs no earlier sum) and saves a
  // table of [T, K, D]. A token comes once for an expert, so the order of its sum is fixed.
  Tensor y_TD = at::zeros(x_TD.sizes(), x_TD.options().dtype(wide(x_TD.scalar_type())));
  std::int64_t begin = 0;
  for (std::int64_t e = 0; e < count_E.size(0); ++e) {
    const std::int64_t rows = count_E[e].item<std::int64_t>();
    if (rows == 0) continue;
    const Tensor token_R = token_N.narrow(0, begin, rows);
    const Tensor y_RD = torch_swiglu(experts, e, x_TD.index_select(0, token_R));
    y_TD.index_add_(0, token_R, y_RD * weight_N1.narrow(0, begin, rows));
    begin += rows;
  }
  return y_TD.to(x_TD.dtype());
}

}  // namespace moe
