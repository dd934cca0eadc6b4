// Are weights numbers?
#pragma once

#include <cstdint>
#include <optional>

#include "models/checkpoint/weights.h"

namespace moe {

/// The first element that is infinite or no number, counted row by row; none where all are finite.
/// Reads every byte once, about as fast as memory gives them.
std::optional<std::int64_t> first_not_finite(const WeightView&);

/// Error on an unchecked view with such an element, which names it, the parameter and its place.
void check_finite(const WeightView&);

}  // namespace moe
