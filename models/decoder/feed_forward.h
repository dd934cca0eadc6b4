// The part of a block in which a dense model and a mixture of experts differ, and the only one.
//
//   T tokens   D model width   F hidden width   E experts   K experts per token
#pragma once

#include <variant>

#include "models/config.h"
#include "models/decoder/ops.h"

namespace moe {

struct Dense {
  PreparedWeight mlp;  // gate, up, down
};

struct Mixture {
  PreparedWeight router;
  PreparedWeight experts;
};

using FeedForward = std::variant<Dense, Mixture>;

/// The feed-forward of one layer. A mixture's routing is written to `routing` (never null there).
Tensor forward(const Ops&, const Dense&, const FeedForwardSpec&, const Tensor& x_TD,
               const RoutingControl&, Routing* routing);
Tensor forward(const Ops&, const Mixture&, const FeedForwardSpec&, const Tensor& x_TD,
               const RoutingControl&, Routing* routing);

}  // namespace moe
