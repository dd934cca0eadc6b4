// One stored weight as the number it is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/packed/packed_matrix.h"

namespace moe {

/// Element `index` of a row of elements of the format, exactly.
double element_of(PackedFormat, const std::byte* elements, std::int64_t index);

}  // namespace moe
