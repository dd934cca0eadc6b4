#include "models/decoder/feed_forward.h"

#include <fmt/format.h>

#include "models/decoder/parameters.h"

namespace moe {
namespace {

/// Adds the three matrices of the MLP whose parameters begin with `prefix`.
void add_expert(const FeedForwardSpec& spec, std::int64_t dim, WeightSource& source,
                const std::string& prefix, ExpertViews& views) {
  views.gate_FD.push_back(parameter(source, prefix + "gate.weight", {spec.hidden, dim}));
  views.up_FD.push_back(parameter(source, prefix + "up.weight", {spec.hidden, dim}));
  views.down_DF.push_back(parameter(source, prefix + "down.weight", {dim, spec.hidden}));
}

}  // namespace

FeedForward prepare_feed_forward(const Ops& ops, const FeedForwardSpec& spec, std::int64_t dim,
                                 WeightSource& source, const std::string& prefix) {
  ExpertViews views;
  if (spec.experts == 0) {
    add_expert(spec, dim, source, prefix + "feed_forward.", views);
    return Dense{.mlp = ops.prepare_experts(spec, views)};
  }
  for (std::int64_t e = 0; e < spec.experts; ++e) {
    add_expert(spec, dim, source, fmt::format("{}experts.{}.", prefix, e), views);
  }
  const WeightView router = parameter(source, prefix + "router.weight", {spec.experts, dim});
  return Mixture{.router = ops.prepare_router(router), .experts = ops.prepare_experts(spec, views)};
}

Tensor forward(const Ops& ops, const Dense& dense, const FeedForwardSpec&, const Tensor& x_TD,
               const FeedForwardStep& step, Routing*) {
  Tensor y_TD = ops.dense(*dense.mlp, x_TD);
  step.clock.lap(&StepTimers::experts_s);
  return y_TD;
}

Tensor forward(const Ops& ops, const Mixture& mixture, const FeedForwardSpec& spec,
               const Tensor& x_TD, const FeedForwardStep& step, Routing* routing) {
  *routing = ops.router(*mixture.router, spec, x_TD, step.force_TK);
  step.clock.lap(&StepTimers::router_s);
  Tensor y_TD = ops.experts(*mixture.experts, x_TD, *routing);
  step.clock.lap(&StepTimers::experts_s);
  return y_TD;
}

}  // namespace moe
