// Routing and experts of the `torch` table. A dense feed-forward is the mixture's arithmetic with
// one expert, which is why both live here.
#pragma once

#include "models/decoder/ops.h"
#include "models/decoder/torch_parameters.h"

namespace moe {

/// Experts as the table keeps them: gate above up in one matrix each.
struct TorchExperts {
  Tensor gate_up_E2FD, down_EDF;
};

TorchExperts torch_experts(const FeedForwardSpec&, const ExpertViews&, const at::TensorOptions&);

/// Writes down which part of the tensors is which expert's.
void record(const TorchExperts&, const ExpertViews&, TorchParameters& kept);

/// Scores over all experts in float32, the best K, equal ones to the lower id; weights stay
/// float32 (transformers rounds OLMoE's to the activation dtype, Mixtral's not).
Routing torch_route(const Tensor& logits_TE, const FeedForwardSpec&, const Tensor& force_TK);

/// Sum over a token's experts in order of their ids, in float32 and rounded once.
Tensor torch_mixture(const TorchExperts&, const Tensor& x_TD, const Routing&);

/// down(silu(gate(x)) * up(x)) of one expert.
Tensor torch_swiglu(const TorchExperts&, std::int64_t expert, const Tensor& x_RD);

}  // namespace moe
