// Routing and experts of the `cpu` table. A dense feed-forward is the mixture's arithmetic with one
// expert.
#pragma once

#include "models/decoder/cpu_weights.h"
#include "models/decoder/cpu_work.h"
#include "models/decoder/ops.h"

namespace moe {

/// Experts are kept in one format, what routes to the shared one in another.
CpuExperts cpu_experts(const FeedForwardSpec&, const ExpertViews&, PackedFormat,
                       PackedFormat of_gate, ThreadPool&);

CpuRouter cpu_router(const FeedForwardSpec&, const RouterViews&, PackedFormat, ThreadPool&);

Routing cpu_route(const CpuRouter&, const FeedForwardSpec&, const Tensor& x_TD,
                  const RouterControl&, CpuWork&);

/// Adds how often each expert was chosen.
void cpu_count(const Routing&, const Tensor& load_E);

/// Sum over a token's experts in the order of its choices, in float32; then the shared expert's
/// output.
Tensor cpu_mixture(const CpuExperts&, const Tensor& x_TD, const Routing&, CpuWork&);

/// The one MLP, weight 1.
Tensor cpu_mlp(const CpuMlps&, const Tensor& x_TD, CpuWork&);

/// a + b, rows of one shape.
Tensor cpu_sum(const Tensor& a, const Tensor& b, CpuWork&);

}  // namespace moe
