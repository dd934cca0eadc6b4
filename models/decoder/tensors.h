// Views of weights as tensors.
#pragma once

#include "models/checkpoint/weights.h"
#include "models/decoder/torch.h"

namespace moe {

/// A tensor over the view's bytes, on the CPU in the view's dtype; valid as long as the view.
Tensor borrowed(const WeightView&);

/// A copy on the options' device in their dtype.
Tensor copied(const WeightView&, const at::TensorOptions&);

}  // namespace moe
