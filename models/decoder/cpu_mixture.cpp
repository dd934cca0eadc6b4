#include "models/decoder/cpu_mixture.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/ranges.h>

#include "harness/error.h"
#include "kernels/choice.h"
#include "kernels/residual/residual.h"

namespace moe {
namespace {

RouterScore score_of(Score score) {
  switch (score) {
    case Score::softmax:
      return RouterScore::softmax;
    case Score::sigmoid:
      return RouterScore::sigmoid;
    case Score::softmax_of_chosen:
      break;
  }
  return RouterScore::softmax_of_chosen;
}

RouterShape shape_of(const FeedForwardSpec& spec, std::int64_t T) {
  return {.T = T,
          .E = spec.experts,
          .K = spec.experts_per_token,
          .groups = spec.groups,
          .groups_kept = spec.groups_kept,
          .group_score = spec.group_score == GroupScore::best ? RouterGroupScore::best
                                                              : RouterGroupScore::best_two,
          .score = score_of(spec.score),
          .renormalise = spec.renormalise,
          .routed_scale = spec.routed_scale};
}

/// K experts of each row, and their weights.
struct Choices {
  const std::int32_t* expert_TK;
  const float* weight_TK;
  std::int64_t K;
};

/// y_TD of the rows' experts.
Tensor run_mlps(const CpuMlps& mlps, const Tensor& x_TD, const Choices& choices, CpuWork& work) {
  ExpertGemmShape shape = mlps.shape;
  shape.K = choices.K;
  Tensor y_TD = work.tensors.take(x_TD.sizes(), at::kFloat);
  mlps.kernel->run(
      shape, mlps.packed.get(),
      {.T = x_TD.size(0),
       .x_TD = x_TD.const_data_ptr<float>(),
       .expert_TK = choices.expert_TK,
       .weight_TK = choices.weight_TK,
       .y_TD = y_TD.mutable_data_ptr<float>(),
       .workspace = work.workspace.bytes(mlps.kernel->workspace_bytes(shape, x_TD.size(0)))},
      work.pool);
  return y_TD;
}

/// The one MLP of every row, with these weights; empty: 1.
Tensor run_one(const CpuMlps& mlps, const Tensor& x_TD, std::span<const float> weight_T,
               CpuWork& work) {
  const OnlyChoice& only = work.only.of(x_TD.size(0));
  const float* weights = weight_T.empty() ? only.weight_T() : weight_T.data();
  return run_mlps(mlps, x_TD, {.expert_TK = only.expert_T(), .weight_TK = weights, .K = 1}, work);
}

Tensor shared_output(const CpuExperts& experts, const Tensor& x_TD, CpuWork& work) {
  if (experts.shared_gate == nullptr) return run_one(experts.shared, x_TD, {}, work);
  Tensor gate_T = experts.shared_gate->run(x_TD, work);
  const std::span gates(gate_T.mutable_data_ptr<float>(), static_cast<std::size_t>(gate_T.numel()));
  for (float& gate : gates) gate = 1 / (1 + std::exp(-gate));
  return run_one(experts.shared, x_TD, gates, work);
}

/// Forced ids, which are int64, for the kernel; null where none are.
const std::int32_t* narrow(const Tensor& ids, CpuWork& work) {
  if (!ids.defined()) return nullptr;
  const Tensor from = ids.contiguous();
  auto* to = reinterpret_cast<std::int32_t*>(
      work.workspace.bytes(from.numel() * std::int64_t{sizeof(std::int32_t)}));
  std::copy_n(from.const_data_ptr<std::int64_t>(), from.numel(), to);
  return to;
}

}  // namespace

CpuExperts cpu_experts(const FeedForwardSpec& spec, const ExpertViews& views, PackedFormat format,
                       PackedFormat of_gate, ThreadPool& pool) {
  CpuExperts experts;
  experts.experts = mlps_of(spec, spec.hidden, views.experts, format, pool);
  if (views.shared) {
    FeedForwardSpec shared = spec;
    shared.scale_input = false;  // its weight is its gate's
    experts.shared = mlps_of(shared, spec.shared_hidden, {&*views.shared, 1}, format, pool);
  }
  if (views.shared_gate_1D) {
    experts.shared_gate =
        std::make_unique<CpuLinear>(linear_of(*views.shared_gate_1D, nullptr, of_gate, pool));
  }
  return experts;
}

CpuRouter cpu_router(const FeedForwardSpec& spec, const RouterViews& views, PackedFormat format,
                     ThreadPool& pool) {
  CpuRouter router;
  router.kernel = &first_that_takes("router", routers(), shape_of(spec, 1));
  router.logits = linear_of(views.weight_ED, views.bias_E ? &*views.bias_E : nullptr,
                            spec.router_f32 ? PackedFormat::f32 : format, pool);
  if (views.correction_E) router.correction = floats_of(*views.correction_E);
  return router;
}

Routing cpu_route(const CpuRouter& router, const FeedForwardSpec& spec, const Tensor& x_TD,
                  const RouterControl& control, CpuWork& work) {
  const std::int64_t T = x_TD.size(0), K = spec.experts_per_token;
  Routing routing{.logits_TE = router.logits.run(x_TD, work),
                  .weight_TK = work.tensors.take({T, K}, at::kFloat),
                  .expert_TK = work.tensors.take({T, K}, at::kInt)};
  require(!control.force_TK.defined() || control.force_TK.numel() == T * K,
          "{} forced experts for {} rows of {}",
          control.force_TK.defined() ? control.force_TK.numel() : 0, T, K);
  require(!control.removed_E.defined() || control.removed_E.numel() == spec.experts,
          "a mask of {} experts of {}", control.removed_E.defined() ? control.removed_E.numel() : 0,
          spec.experts);
  RouterShape shape = shape_of(spec, T);
  shape.corrected = !router.correction.empty();
  shape.removes = control.removed_E.defined();
  shape.forced = control.force_TK.defined();
  router.kernel->run(shape,
                     {.logits_TE = routing.logits_TE.const_data_ptr<float>(),
                      .correction_E = router.correction.data(),
                      .removed_E = shape.removes ? reinterpret_cast<const std::uint8_t*>(
                                                       control.removed_E.const_data_ptr<bool>())
                                                 : nullptr,
                      .forced_TK = narrow(control.force_TK, work),
                      .weight_TK = routing.weight_TK.mutable_data_ptr<float>(),
                      .expert_TK = routing.expert_TK.mutable_data_ptr<std::int32_t>()},
                     {.pool = &work.pool});
  return routing;
}

void cpu_count(const Routing& routing, const Tensor& load_E) {
  const auto* experts = routing.expert_TK.const_data_ptr<std::int32_t>();
  auto* loads = load_E.mutable_data_ptr<std::int64_t>();
  for (std::int64_t n = 0; n < routing.expert_TK.numel(); ++n) ++loads[experts[n]];
}

Tensor cpu_mixture(const CpuExperts& experts, const Tensor& x_TD, const Routing& routing,
                   CpuWork& work) {
  const Tensor x = x_TD.contiguous(), weight_TK = routing.weight_TK.contiguous();
  const std::int64_t T = x.size(0), K = routing.expert_TK.size(1);
  require(weight_TK.numel() == T * K && routing.expert_TK.size(0) == T,
          "a routing of {} rows and {} weights for {} rows", routing.expert_TK.size(0),
          weight_TK.numel(), T);
  const Choices choices = {.expert_TK = routing.expert_TK.const_data_ptr<std::int32_t>(),
                           .weight_TK = weight_TK.const_data_ptr<float>(),
                           .K = K};
  Tensor y_TD = run_mlps(experts.experts, x, choices, work);
  if (experts.shared.packed == nullptr) return y_TD;
  return cpu_sum(y_TD, shared_output(experts, x, work), work);
}

Tensor cpu_mlp(const CpuMlps& mlps, const Tensor& x_TD, CpuWork& work) {
  return run_one(mlps, x_TD.contiguous(), {}, work);
}

Tensor cpu_sum(const Tensor& a, const Tensor& b, CpuWork& work) {
  require(a.dim() == 2 && a.sizes() == b.sizes(), "a sum of tensors of sizes [{}] and [{}]",
          fmt::join(a.sizes(), ", "), fmt::join(b.sizes(), ", "));
  const Tensor left = a.contiguous(), right = b.contiguous();
  const ResidualShape shape{.width = left.size(1)};
  Tensor sum = work.tensors.take(left.sizes(), at::kFloat);
  first_that_takes("residual", residuals(), shape)
      .run(shape,
           {.T = left.size(0),
            .x_TD = left.const_data_ptr<float>(),
            .added_TD = right.const_data_ptr<float>(),
            .y_TD = sum.mutable_data_ptr<float>()},
           work.pool);
  return sum;
}

}  // namespace moe
