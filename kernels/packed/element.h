// One stored weight as the number it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/packed/packed_matrix.h"

namespace moe {

/// Element `index` of elements that may stand anywhere.
template <typename T>
T element_at(const std::byte* elements, std::int64_t index) {
  T value;
  std::memcpy(&value, elements + index * std::int64_t{sizeof(T)}, sizeof(T));
  return value;
}

/// The value that element k of a stored row stands for.
double element_of(PackedFormat, const std::byte* row, std::int64_t k);

/// What rounding of its products is a part of: its size, of int4 |scale code| + |offset|.
double size_of_element(PackedFormat, const std::byte* row, std::int64_t k);

}  // namespace moe
