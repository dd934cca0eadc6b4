// The MLPs of the `torch` table, all of a layer's experts stacked.
//
//   E experts   D model width   F hidden width   I inner width: 2F with the gate above up, else F
#pragma once

#include <span>

#include "models/decoder/ops.h"
#include "models/decoder/torch_parameters.h"

namespace moe {

struct TorchMlps {
  Tensor inner_EID, inner_bias_EI;  // biases are undefined where there are none
  Tensor down_EDF, down_bias_ED;
};

/// Error on an MLP that the table does not compute, or views that are not what the spec has. What
/// is kept is written down in `kept`, unless that is null.
TorchMlps torch_mlps(const FeedForwardSpec&, std::int64_t hidden, std::span<const MlpViews>,
                     const at::TensorOptions&, TorchParameters* kept);

/// down(act(gate(x)) * up(x)) of one MLP, or down(act(up(x))) where there is no gate.
Tensor torch_mlp(const TorchMlps&, const FeedForwardSpec&, std::int64_t expert, const Tensor& x_RD);

std::int64_t bytes_of(const TorchMlps&);

}  // namespace moe
