// Are weights numbers, and of a size that what they are kept in holds?
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "models/checkpoint/weights.h"

namespace moe {

/// The first element that is no number or whose size is above `limit`, counted row by row; none
/// where there is no such. Without a limit: what is infinite or no number. Reads every byte once,
/// about as fast as memory gives them.
std::optional<std::int64_t> first_beyond(const WeightView&,
                                         float limit = std::numeric_limits<float>::max());

/// Error on an unchecked view with such an element, which names it, the parameter and its place.
void check_finite(const WeightView&);

/// Error on an element whose size is above `limit`, the largest that `kept_as` holds; names the
/// element, the parameter and its place.
void check_sizes(const WeightView&, float limit, std::string_view kept_as);

}  // namespace moe
