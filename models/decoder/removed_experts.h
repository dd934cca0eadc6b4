// Experts that a decoder never chooses, as its routers are told of them.
#pragma once

#include <vector>

#include "models/config.h"
#include "models/decoder/torch.h"
#include "models/engine/engine.h"

namespace moe {

/// For each layer a bool [E] on the device, true for the removed; undefined where there are none.
/// Error on lists for other layers or experts than there are, and where a router could be left with
/// fewer experts than it is to choose: where it chooses from its best groups, whichever these are.
std::vector<Tensor> removed_masks(const Config&, const RemovedExperts&, const at::Device&);

}  // namespace moe
