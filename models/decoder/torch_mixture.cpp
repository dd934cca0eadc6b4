#include "models/decoder/torch_mixture.h"

#include <limits>
#include <span>
#include <vector>

#include "models/decoder/best_of_rows.h"
#include "models/decoder/tensors.h"

namespace moe {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

/// Scores with those of experts outside the best groups at minus infinity.
Tensor of_best_groups(const Tensor& score_TE, const FeedForwardSpec& spec) {
  if (spec.groups == spec.groups_kept) return score_TE;
  const Tensor score_TGe = score_TE.view({score_TE.size(0), spec.groups, -1});
  const std::int64_t summed = spec.group_score == GroupScore::best ? 1 : 2;
  const Tensor group_TG = std::get<0>(score_TGe.topk(summed, -1)).sum(-1);
  const Tensor kept_TG = at::zeros_like(group_TG, at::kBool)
                             .scatter(-1, best_of_rows(group_TG, spec.groups_kept), /*value=*/1);
  return score_TGe.masked_fill(kept_TG.logical_not().unsqueeze(-1), kNever).view_as(score_TE);
}

std::vector<std::int64_t> rows_of_experts(const Tensor& expert_N, std::int64_t experts) {
  const Tensor count_E = at::bincount(expert_N, {}, experts).to(at::kCPU).contiguous();
  const auto* counts = count_E.const_data_ptr<std::int64_t>();
  return {counts, counts + experts};
}

/// Consecutive experts whose rows are gathered together.
struct ExpertBlock {
  std::int64_t first = 0, rows = 0;
  std::span<const std::int64_t> rows_E;  // of each, from the first
};

/// Small experts together, so that what is done to all their rows is done once; large ones alone,
/// so that no more than they need is held.
std::vector<ExpertBlock> blocks_of(std::span<const std::int64_t> rows_E, std::int64_t dim) {
  constexpr std::int64_t kElements = std::int64_t{1} << 18U;  // gathered at a time: a core's cache
  std::vector<ExpertBlock> blocks;
  for (std::size_t e = 0; e < rows_E.size(); ++e) {
    const bool fits = !blocks.empty() && (blocks.back().rows + rows_E[e]) * dim <= kElements;
    if (!fits) blocks.push_back({.first = static_cast<std::int64_t>(e), .rows = 0, .rows_E = {}});
    ExpertBlock& block = blocks.back();
    block.rows += rows_E[e];
    block.rows_E = rows_E.subspan(static_cast<std::size_t>(block.first),
                                  e + 1 - static_cast<std::size_t>(block.first));
  }
  std::erase_if(blocks, [](const ExpertBlock& block) { return block.rows == 0; });
  return blocks;
}

/// Adds rows to those of their tokens, expert by expert: in one go on a CPU, which takes rows in
/// order; on a GPU, which adds in any order, one expert at a time, since a token comes once for
/// each.
void add_rows(Tensor& y_TD, const Tensor& token_R, const Tensor& y_RD, const ExpertBlock& block) {
  if (y_TD.is_cpu()) {
    y_TD.index_add_(0, token_R, y_RD);
    return;
  }
  std::int64_t begin = 0;
  for (const std::int64_t rows : block.rows_E) {
    if (rows > 0) y_TD.index_add_(0, token_R.narrow(0, begin, rows), y_RD.narrow(0, begin, rows));
    begin += rows;
  }
}

Tensor shared_output(const TorchExperts& experts, const Tensor& x_TD) {
  Tensor y_TD = torch_mlp(experts.shared, experts.spec, x_TD);
  if (!experts.shared_gate_1D.defined()) return y_TD;
  return at::sigmoid(at::linear(x_TD, experts.shared_gate_1D)) * y_TD;
}

}  // namespace

Routing torch_route(const TorchRouter& router, const FeedForwardSpec& spec, const Tensor& x_TD,
                    const RouterControl& control) {
  const Tensor x = spec.router_f32 ? x_TD.to(router.weight_ED.dtype()) : x_TD;
  const Tensor logits_TE = router.bias_E.defined() ? at::linear(x, router.weight_ED, router.bias_E)
                                                   : at::linear(x, router.weight_ED);
  const at::ScalarType dtype = wide(logits_TE.scalar_type());
  const Tensor score_TE = spec.score == Score::softmax   ? at::softmax(logits_TE, -1, dtype)
                          : spec.score == Score::sigmoid ? at::sigmoid(logits_TE.to(dtype))
                                                         : logits_TE.to(dtype);
  Tensor expert_TK = control.force_TK;
  if (!expert_TK.defined()) {
    const Tensor corrected_TE =
        router.correction_E.defined() ? score_TE + router.correction_E : score_TE;
    Tensor choice_TE = of_best_groups(corrected_TE, spec);
    if (control.removed_E.defined()) choice_TE = choice_TE.masked_fill(control.removed_E, kNever);
    expert_TK = best_of_rows(choice_TE, spec.experts_per_token);
  }
  Tensor weight_TK = score_TE.gather(-1, expert_TK);
  if (spec.score == Score::softmax_of_chosen) weight_TK = at::softmax(weight_TK, -1);
  // Sigmoids can all be so small that their sum is 0 in float32; nothing else notices the addend.
  const double least = spec.score == Score::sigmoid ? 1e-20 : 0;
  if (spec.renormalise) weight_TK = weight_TK / (weight_TK.sum(-1, /*keepdim=*/true) + least);
  if (spec.routed_scale != 1) weight_TK = weight_TK * spec.routed_scale;
  return {.logits_TE = logits_TE, .weight_TK = weight_TK, .expert_TK = expert_TK};
}

void torch_count(const Routing& routing, const Tensor& load_E) {
  const Tensor expert_N = routing.expert_TK.reshape(-1);
  load_E.scatter_add_(0, expert_N, at::ones({1}, expert_N.options()).expand_as(expert_N));
}

Tensor torch_mixture(const TorchExperts& experts, const Tensor& x_TD, const Routing& routing) {
  const FeedForwardSpec& spec = experts.spec;
  const std::int64_t choices = routing.expert_TK.size(1), dim = x_TD.size(1);
  const Tensor expert_N = routing.expert_TK.reshape(-1);
  const Tensor order_N =
      std::get<1>(at::sort(expert_N, /*stable=*/true, /*dim=*/0, /*descending=*/false));
  const Tensor token_N = order_N.div(choices, "floor");
  const Tensor weight_N1 = routing.weight_TK.reshape(-1).index_select(0, order_N).unsqueeze(1);
  const std::vector<std::int64_t> rows_E =
      rows_of_experts(expert_N, experts.experts.down_EDF.size(0));
  const UnboundMlps mlps(experts.experts);
  // Adding in place is safe for autograd (the sum's gradient needs no earlier sum) and saves a
  // table of [T, K, D]. A token's sum is in the order of its experts' ids.
  Tensor y_TD = at::zeros(x_TD.sizes(), x_TD.options().dtype(wide(x_TD.scalar_type())));
  std::int64_t begin = 0;
  for (const ExpertBlock& block : blocks_of(rows_E, dim)) {
    const Tensor token_R = token_N.narrow(0, begin, block.rows);
    const Tensor weight_R1 = weight_N1.narrow(0, begin, block.rows);
    Tensor x_RD = x_TD.index_select(0, token_R);
    if (spec.scale_input) x_RD = x_RD * weight_R1.to(x_RD.dtype());
    const Tensor y_RD = mlps.run(spec, block.first, block.rows_E, x_RD);
    add_rows(y_TD, token_R, spec.scale_input ? y_RD.to(y_TD.dtype()) : y_RD * weight_R1, block);
    begin += block.rows;
  }
  y_TD = y_TD.to(x_TD.dtype());
  return experts.shared.down_EDF.defined() ? y_TD + shared_output(experts, x_TD) : y_TD;
}

}  // namespace moe
