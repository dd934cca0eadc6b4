// Parameters of a model as the decoder asks a source for them, their shapes checked.
#pragma once

#include <string>
#include <vector>

#include "models/checkpoint/weights.h"

namespace moe {

/// The view of `name`, which bears that name; none of it is read yet. Error where its shape is not
/// the expected one.
WeightView parameter(WeightSource&, const std::string& name,
                     const std::vector<std::int64_t>& shape);

}  // namespace moe
