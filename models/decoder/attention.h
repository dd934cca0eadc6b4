// The attention of a block: projections, norms and positions around the table's attention.
//
//   T rows of a step   D model width
#pragma once

#include <string>

#include "models/config.h"
#include "models/decoder/ops.h"

namespace moe {

struct Attention {
  PreparedWeight q, k, v, o;
  PreparedWeight q_norm, k_norm, sinks;  // null where the family has none
};

/// The attention whose parameters are called `prefix` + "q.weight" and so on.
Attention prepare_attention(const Ops&, const Config&, const AttentionSpec&, WeightSource&,
                            const std::string& prefix);

/// The attention of layer `layer`: x_TD is normalised already, the residual is the caller's.
Tensor forward(const Ops&, const Attention&, const AttentionSpec&, const Tensor& x_TD,
               const TableStep&, std::int64_t layer);

}  // namespace moe
