// Routing and experts of the `torch` table. A dense feed-forward is the mixture's arithmetic with
// one expert (torch_mlp.h).
#pragma once

#include "models/decoder/torch_mlp.h"

namespace moe {

/// What the table keeps of a router. In float32 where the spec asks for that.
struct TorchRouter {
  Tensor weight_ED, bias_E, correction_E;  // the last two may be undefined
};

struct TorchExperts {
  FeedForwardSpec spec;  // experts_per_token of it is not used: the routing says how many
  TorchMlps experts, shared;
  Tensor shared_gate_1D;  // shared and its gate are undefined where there are none
};

/// Scores in float32, the best K of them (with their correction, of the best groups, none that is
/// removed), equal ones to the lower id; weights stay float32 (transformers rounds OLMoE's to the
/// activation dtype, Mixtral's not).
Routing torch_route(const TorchRouter&, const FeedForwardSpec&, const Tensor& x_TD,
                    const RouterControl&);

/// In place and without asking the device for a size, as bincount would: nothing waits in a step.
void torch_count(const Routing&, const Tensor& load_E);

/// Sum over a token's experts in order of their ids, in float32 and rounded once; then the shared
/// expert's output, in the activations' dtype.
Tensor torch_mixture(const TorchExperts&, const Tensor& x_TD, const Routing&);

}  // namespace moe
