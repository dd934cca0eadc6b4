// How quantised weights lie in a panel (packed_matrix.h): block after block of 32 inputs, in each
// the scales of all outputs side by side, of int4 then their offsets, then the codes.
//
//   scales and offsets   16 bits: float16; of mxfp4 bf16, which has all its scales
//   int8                 input after input, of each the outputs' codes side by side
//   int4, mxfp4          eight inputs after eight, of each the outputs side by side in 32 bits;
//                        inputs beyond the row's are 0
#pragma once

#include <cstdint>

#include "kernels/packed/quantised.h"

namespace moe {

/// Bytes of one output's scale and offset.
constexpr std::int64_t panel_scale_bytes(PackedFormat format) {
  return format == PackedFormat::int4 ? 4 : 2;
}

/// Bytes of one output's codes of n inputs, and of its block.
constexpr std::int64_t panel_code_bytes(PackedFormat format, std::int64_t n) {
  return format == PackedFormat::int8 ? n : (n + 7) / 8 * 4;
}
constexpr std::int64_t panel_block_bytes(PackedFormat format, std::int64_t n) {
  return panel_scale_bytes(format) + panel_code_bytes(format, n);
}

/// Which four bits, from the lowest, an input of eight has. Those of mxfp4 are looked up a byte at
/// a time: the lower halves of all bytes first, from the highest byte down.
constexpr std::int64_t panel_nibble(PackedFormat format, std::int64_t input) {
  if (format == PackedFormat::int4) return input;
  return input < 4 ? 2 * (3 - input) : 2 * (7 - input) + 1;
}

}  // namespace moe
