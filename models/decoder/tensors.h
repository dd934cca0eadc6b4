// Views of weights as tensors.
#pragma once

#include "models/checkpoint/weights.h"
#include "models/decoder/torch.h"

namespace moe {

/// A tensor over the view's bytes, on the CPU in the view's format; valid as long as the view.
Tensor borrowed(const WeightView&);

/// A copy on the options' device in their dtype. Error on unchecked elements that are not finite,
/// and on those whose size the dtype does not hold.
Tensor copied(const WeightView&, const at::TensorOptions&);
/// The same to a tensor of the view's shape.
void copy_to(const Tensor&, const WeightView&);

/// Bytes of the tensor's elements; none where it is undefined.
std::int64_t bytes_of(const Tensor&);

/// The dtype that sums, norms and softmaxes over elements of `narrow` are computed in: float32, or
/// float64 where that is float64.
at::ScalarType wide(at::ScalarType narrow);

}  // namespace moe
