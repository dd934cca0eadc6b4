// The part of a block in which a dense model and a mixture of experts differ, and the only one.
//
//   T tokens   D model width   F hidden width   E experts   K experts per token
#pragma once

#include <string>
#include <variant>

#include "models/config.h"
#include "models/decoder/ops.h"
#include "models/decoder/step_clock.h"

namespace moe {

struct Dense {
  PreparedWeight mlp;  // gate, up, down
};

struct Mixture {
  PreparedWeight router;
  PreparedWeight experts;
};

using FeedForward = std::variant<Dense, Mixture>;

/// The feed-forward whose parameters are called `prefix` + "router.weight" and so on.
FeedForward prepare_feed_forward(const Ops&, const FeedForwardSpec&, std::int64_t dim,
                                 WeightSource&, const std::string& prefix);

/// What a step says to every feed-forward.
struct FeedForwardStep {
  RouterControl router;
  StepClock& clock;
};

/// The feed-forward of one layer. A mixture's routing is written to `routing` (never null there).
Tensor forward(const Ops&, const Dense&, const FeedForwardSpec&, const Tensor& x_TD,
               const FeedForwardStep&, Routing* routing);
Tensor forward(const Ops&, const Mixture&, const FeedForwardSpec&, const Tensor& x_TD,
               const FeedForwardStep&, Routing* routing);

}  // namespace moe
