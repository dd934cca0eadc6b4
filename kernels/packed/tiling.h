// How a multiplication of packed panels is cut into tasks: blocks of rows times blocks of panels.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/packed/packed_matrix.h"

namespace moe {

inline constexpr std::int64_t kBlockRows = 48;      // of x: they and a panel fit a core's cache
inline constexpr std::int64_t kBlockOutputs = 128;  // of y

/// Blocks of rows that are as alike as can be, none above kBlockRows.
inline std::int64_t row_blocks(std::int64_t rows) {
  return (rows + kBlockRows - 1) / kBlockRows;
}

inline std::int64_t panels_of_block() {
  return std::max<std::int64_t>(1, kBlockOutputs / panel_width());
}

inline std::int64_t panel_blocks(const PackedShape& shape) {
  return (shape.panels() + panels_of_block() - 1) / panels_of_block();
}

/// Part `i` of `n` that are as alike as can be of [0, size): where it begins.
inline std::int64_t part(std::int64_t size, std::int64_t i, std::int64_t n) {
  return size * i / n;
}

}  // namespace moe
