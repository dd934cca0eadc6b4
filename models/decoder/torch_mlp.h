// The MLPs of the `torch` table, all of a layer's experts stacked.
//
//   E experts   D model width   F hidden width   I inner width: 2F with the gate above up, else F
#pragma once

#include <span>
#include <vector>

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

/// down(act(gate(x)) * up(x)) of the one MLP, or down(act(up(x))) where there is no gate.
Tensor torch_mlp(const TorchMlps&, const FeedForwardSpec&, const Tensor& x_RD);

/// The matrices of every expert apart, taken out once: to autograd that is one step, where an index
/// for each expert would make a gradient of the size of all of them.
class UnboundMlps {
 public:
  explicit UnboundMlps(const TorchMlps&);

  /// Of rows that lie expert by expert: `rows_E` of each, from expert `first` on.
  Tensor run(const FeedForwardSpec&, std::int64_t first, std::span<const std::int64_t> rows_E,
             const Tensor& x_RD) const;

 private:
  static Tensor linear(const std::vector<Tensor>& weights, const std::vector<Tensor>& biases,
                       std::int64_t first, std::span<const std::int64_t> rows_E, const Tensor& x_R);

  std::int64_t hidden_;
  std::vector<Tensor> inner_ID_, down_DF_, inner_bias_I_, down_bias_D_;  // biases may be empty
};

std::int64_t bytes_of(const TorchMlps&);

}  // namespace moe
