#include "models/decoder/mlp_views.h"

#include "harness/error.h"

namespace moe {

void check_mlp_views(const FeedForwardSpec& spec, std::span<const MlpViews> all) {
  require(!all.empty(), "a feed-forward without an expert");
  for (const MlpViews& views : all) {
    require(views.gate_FD.has_value() == spec.gated, "an MLP {} a gate, of a spec {} one",
            views.gate_FD ? "with" : "without", spec.gated ? "with" : "without");
    require(
        views.up_bias_F.has_value() == spec.bias && views.down_bias_D.has_value() == spec.bias &&
            views.gate_bias_F.has_value() == (spec.bias && spec.gated),
        "an MLP whose biases are not those of its spec, which has {}", spec.bias ? "all" : "none");
  }
}

}  // namespace moe
