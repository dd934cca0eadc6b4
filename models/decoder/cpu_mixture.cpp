#include "models/decoder/cpu_mixture.h"

#include <algorithm>
#include <cmath>
#include <span>

#include <fmt/ranges.h>

#include "harness/error.h"
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
Tensor run_mlps(const CpuMlps& mlps, const Tensor& x_TD, const Choices& choices,
                std::byte* workspace, ThreadPool& pool) {
  ExpertGemmShape shape = mlps.shape;
  shape.K = choices.K;
  Tensor y_TD = at::empty_like(x_TD);
  mlps.kernel->run(shape, mlps.packed.get(),
                   {.T = x_TD.size(0),
                    .x_TD = x_TD.const_data_ptr<float>(),
                    .expert_TK = choices.expert_TK,
                    .weight_TK = choices.weight_TK,
                    .y_TD = y_TD.mutable_data_ptr<float>(),
                    .workspace = workspace},
                   pool);
  return y_TD;
}

std::int64_t workspace_bytes(const CpuMlps& mlps, std::int64_t choices, std::int64_t T) {
  ExpertGemmShape shape = mlps.shape;
  shape.K = choices;
  return mlps.kernel->workspace_bytes(shape, T);
}

/// The one MLP of every row, with these weights; empty: 1.
Tensor run_one(const CpuMlps& mlps, const Tensor& x_TD, std::span<const float> weight_T,
               CpuWork& work) {
  const std::int64_t T = x_TD.size(0), numbers = aligned_size(T * 4);
  std::byte* memory = work.workspace.bytes(2 * numbers + workspace_bytes(mlps, 1, T));
  auto* expert_T = reinterpret_cast<std::int32_t*>(memory);
  auto* ones_T = reinterpret_cast<float*>(memory + numbers);
  std::fill_n(expert_T, T, 0);
  std::fill_n(ones_T, T, 1.0F);
  const float* weights = weight_T.empty() ? ones_T : weight_T.data();
  return run_mlps(mlps, x_TD, {.expert_TK = expert_T, .weight_TK = weights, .K = 1},
                  memory + 2 * numbers, work.pool);
}

Tensor shared_output(const CpuExperts& experts, const Tensor& x_TD, CpuWork& work) {
  if (experts.shared_gate == nullptr) return run_one(experts.shared, x_TD, {}, work);
  Tensor gate_T = experts.shared_gate->run(x_TD, work.pool);
  const std::span gates(gate_T.mutable_data_ptr<float>(), static_cast<std::size_t>(gate_T.numel()));
  for (float& gate : gates) gate = 1 / (1 + std::exp(-gate));
  return run_one(experts.shared, x_TD, gates, work);
}

/// int64 ids, as tables hand them to each other, for a kernel.
void narrow(const Tensor& ids, std::int32_t* to) {
  const Tensor from = ids.contiguous();
  std::copy_n(from.const_data_ptr<std::int64_t>(), from.numel(), to);
}

}  // namespace

CpuExperts cpu_experts(const FeedForwardSpec& spec, const ExpertViews& views, PackedFormat format,
                       ThreadPool& pool) {
  CpuExperts experts;
  experts.experts = mlps_of(spec, spec.hidden, views.experts, format, pool);
  if (views.shared) {
    FeedForwardSpec shared = spec;
    shared.scale_input = false;  // its weight is its gate's
    experts.shared = mlps_of(shared, spec.shared_hidden, {&*views.shared, 1}, format, pool);
  }
  if (views.shared_gate_1D) {
    experts.shared_gate =
        std::make_unique<CpuLinear>(linear_of(*views.shared_gate_1D, nullptr, format, pool));
  }
  return experts;
}

CpuRouter cpu_router(const FeedForwardSpec& spec, const RouterViews& views, PackedFormat format,
                     ThreadPool& pool) {
  CpuRouter router;
  router.kernel = &fastest("router", routers(), shape_of(spec, 1));
  router.logits = linear_of(views.weight_ED, views.bias_E ? &*views.bias_E : nullptr,
                            spec.router_f32 ? PackedFormat::f32 : format, pool);
  if (views.correction_E) router.correction = floats_of(*views.correction_E);
  return router;
}

Routing cpu_route(const CpuRouter& router, const FeedForwardSpec& spec, const Tensor& x_TD,
                  const RouterControl& control, CpuWork& work) {
  const std::int64_t T = x_TD.size(0), K = spec.experts_per_token,
                     numbers = aligned_size(T * K * 4);
  Routing routing{.logits_TE = router.logits.run(x_TD, work.pool),
                  .weight_TK = at::empty({T, K}, at::kFloat),
                  .expert_TK = at::empty({T, K}, at::kLong)};
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
  std::byte* memory = work.workspace.bytes(2 * numbers);
  auto* expert_TK = reinterpret_cast<std::int32_t*>(memory);
  auto* forced_TK = reinterpret_cast<std::int32_t*>(memory + numbers);
  if (shape.forced) narrow(control.force_TK, forced_TK);
  router.kernel->run(shape,
                     {.logits_TE = routing.logits_TE.const_data_ptr<float>(),
                      .correction_E = router.correction.data(),
                      .removed_E = shape.removes ? reinterpret_cast<const std::uint8_t*>(
                                                       control.removed_E.const_data_ptr<bool>())
                                                 : nullptr,
                      .forced_TK = forced_TK,
                      .weight_TK = routing.weight_TK.mutable_data_ptr<float>(),
                      .expert_TK = expert_TK},
                     {.pool = &work.pool});
  std::copy_n(expert_TK, T * K, routing.expert_TK.mutable_data_ptr<std::int64_t>());
  return routing;
}

Tensor cpu_mixture(const CpuExperts& experts, const Tensor& x_TD, const Routing& routing,
                   CpuWork& work) {
  const Tensor x = x_TD.contiguous(), weight_TK = routing.weight_TK.contiguous();
  const std::int64_t T = x.size(0), K = routing.expert_TK.size(1),
                     numbers = aligned_size(T * K * 4);
  require(weight_TK.numel() == T * K && routing.expert_TK.size(0) == T,
          "a routing of {} rows and {} weights for {} rows", routing.expert_TK.size(0),
          weight_TK.numel(), T);
  std::byte* memory = work.workspace.bytes(numbers + workspace_bytes(experts.experts, K, T));
  auto* expert_TK = reinterpret_cast<std::int32_t*>(memory);
  narrow(routing.expert_TK, expert_TK);
  const Choices choices = {
      .expert_TK = expert_TK, .weight_TK = weight_TK.const_data_ptr<float>(), .K = K};
  Tensor y_TD = run_mlps(experts.experts, x, choices, memory + numbers, work.pool);
  if (experts.shared.packed == nullptr) return y_TD;
  return cpu_sum(y_TD, shared_output(experts, x, work), work.pool);
}

Tensor cpu_mlp(const CpuMlps& mlps, const Tensor& x_TD, CpuWork& work) {
  return run_one(mlps, x_TD.contiguous(), {}, work);
}

Tensor cpu_sum(const Tensor& a, const Tensor& b, ThreadPool& pool) {
  require(a.dim() == 2 && a.sizes() == b.sizes(), "a sum of tensors of sizes [{}] and [{}]",
          fmt::join(a.sizes(), ", "), fmt::join(b.sizes(), ", "));
  const Tensor left = a.contiguous(), right = b.contiguous();
  const ResidualShape shape{.width = left.size(1)};
  Tensor sum = at::empty_like(left);
  fastest("residual", residuals(), shape)
      .run(shape,
           {.T = left.size(0),
            .x_TD = left.const_data_ptr<float>(),
            .added_TD = right.const_data_ptr<float>(),
            .y_TD = sum.mutable_data_ptr<float>()},
           pool);
  return sum;
}

}  // namespace moe
