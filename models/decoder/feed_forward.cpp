#include "models/decoder/feed_forward.h"

#include <fmt/format.h>

#include "models/decoder/parameters.h"

namespace moe {
namespace {

/// The MLP of width `hidden` whose parameters begin with `prefix`.
MlpViews mlp_views(const FeedForwardSpec& spec, std::int64_t hidden, std::int64_t dim,
                   WeightSource& source, const std::string& prefix) {
  MlpViews views;
  if (spec.gated) views.gate_FD = parameter(source, prefix + "gate.weight", {hidden, dim});
  views.up_FD = parameter(source, prefix + "up.weight", {hidden, dim});
  views.down_DF = parameter(source, prefix + "down.weight", {dim, hidden});
  if (!spec.bias) return views;
  if (spec.gated) views.gate_bias_F = parameter(source, prefix + "gate.bias", {hidden});
  views.up_bias_F = parameter(source, prefix + "up.bias", {hidden});
  views.down_bias_D = parameter(source, prefix + "down.bias", {dim});
  return views;
}

PreparedWeight prepare_router(const Ops& ops, const FeedForwardSpec& spec, std::int64_t dim,
                              WeightSource& source, const std::string& prefix) {
  const std::int64_t experts = spec.experts;
  RouterViews views{.weight_ED = parameter(source, prefix + "weight", {experts, dim})};
  if (spec.router_bias) views.bias_E = parameter(source, prefix + "bias", {experts});
  if (spec.correction_bias)
    views.correction_E = parameter(source, prefix + "correction_bias", {experts});
  return ops.prepare_router(spec, views);
}

}  // namespace

FeedForward prepare_feed_forward(const Ops& ops, const FeedForwardSpec& spec, std::int64_t dim,
                                 WeightSource& source, const std::string& prefix) {
  ExpertViews views;
  if (spec.experts == 0) {
    views.experts.push_back(mlp_views(spec, spec.hidden, dim, source, prefix + "feed_forward."));
    return Dense{.mlp = ops.prepare_experts(spec, views)};
  }
  for (std::int64_t e = 0; e < spec.experts; ++e) {
    views.experts.push_back(
        mlp_views(spec, spec.hidden, dim, source, fmt::format("{}experts.{}.", prefix, e)));
  }
  if (spec.shared_hidden > 0)
    views.shared = mlp_views(spec, spec.shared_hidden, dim, source, prefix + "shared.");
  if (spec.shared_gate)
    views.shared_gate_1D = parameter(source, prefix + "shared_gate.weight", {1, dim});
  return Mixture{.router = prepare_router(ops, spec, dim, source, prefix + "router."),
                 .experts = ops.prepare_experts(spec, views)};
}

Tensor forward(const Ops& ops, const Dense& dense, const FeedForwardSpec&, const Tensor& x_TD,
               const FeedForwardStep& step, Routing*) {
  Tensor y_TD = ops.dense(*dense.mlp, x_TD);
  step.clock.lap(&StepTimers::experts_s);
  return y_TD;
}

Tensor forward(const Ops& ops, const Mixture& mixture, const FeedForwardSpec& spec,
               const Tensor& x_TD, const FeedForwardStep& step, Routing* routing) {
  *routing = ops.router(*mixture.router, spec, x_TD, step.router);
  step.clock.lap(&StepTimers::router_s);
  Tensor y_TD = ops.experts(*mixture.experts, x_TD, *routing);
  step.clock.lap(&StepTimers::experts_s);
  return y_TD;
}

}  // namespace moe
