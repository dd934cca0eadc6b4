// Are the views of MLPs what their spec has?
#pragma once

#include <span>

#include "models/decoder/ops.h"

namespace moe {

/// Error where a gate or a bias is missing or too much, or there is no MLP.
void check_mlp_views(const FeedForwardSpec&, std::span<const MlpViews>);

}  // namespace moe
