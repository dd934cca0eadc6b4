// Quantised rows: blocks of 32 elements along the row, each with a scale of its own; the last one
// has what is left.
//
//   format   block of n elements                    element
//   int8     scale, n codes of a byte               scale code            code from -127 to 127
//   int4     scale, offset, n codes of 4 bits       scale code + offset   code from 0 to 15
//   mxfp4    e, n codes of 4 bits                   2^(e - 127) value     a sign, and one of eight
//
// Scales and offsets are float16, e is a byte up to 252. A code of mxfp4 is a sign and three bits
// that count 0, 1/2, 1, 3/2, 2, 3, 4, 6 (the OCP Microscaling Formats' MXFP4, with E2M1 elements
// and E8M0 scales). Codes of 4 bits lie two in a byte, the earlier one in the lower half; what is
// over in the last byte is 0. An element is the float32 nearest to this: of int8 and mxfp4 it is
// exactly this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/packed/packed_matrix.h"

namespace moe {

inline constexpr std::int64_t kQuantisedBlock = 32;

constexpr bool is_quantised(PackedFormat format) {
  return format == PackedFormat::int8 || format == PackedFormat::int4 ||
         format == PackedFormat::mxfp4;
}

/// Bytes of a quantised block before its codes, and of n codes.
constexpr std::int64_t scale_bytes(PackedFormat format) {
  return format == PackedFormat::int8 ? 2 : format == PackedFormat::int4 ? 4 : 1;
}
constexpr std::int64_t code_bytes(PackedFormat format, std::int64_t n) {
  return format == PackedFormat::int8 ? n : (n + 1) / 2;
}
constexpr std::int64_t block_bytes(PackedFormat format, std::int64_t n) {
  return scale_bytes(format) + code_bytes(format, n);
}

/// Code k of a block's codes: 0 to 15, or the bits of an int8.
inline std::uint8_t code_at(PackedFormat format, const std::byte* codes, std::int64_t k) {
  if (format == PackedFormat::int8) return std::to_integer<std::uint8_t>(codes[k]);
  const auto both = std::to_integer<std::uint8_t>(codes[k / 2]);
  return k % 2 == 0 ? both & 0xfU : both >> 4U;
}

/// The largest size of an element that a format holds: of what is quantised, with the largest
/// scale.
float largest_element(PackedFormat);

/// Writes row_bytes(format, row.size()) bytes to `out`.
///
///   int8: the scale is the largest size / 127, rounded up; codes are the nearest: an element is
///   off by half a scale at most. Elements of a row of int8 that has a code of 127 in size in each
///   block are kept exactly.
///   int4: scale and offset are those of least squared error among a few (sixteen_steps.h).
///   mxfp4: 2^(floor(log2 of the largest size) - 2), 2^-127 at least; to the nearest, of two the
///   even one; beyond 6 is 6. Elements that came from mxfp4 are kept exactly.
///
/// Error on what is no number, and where float16 has no such scale or offset: sizes above 127 *
/// 65504 of int8, 65504 of int4. A zero's sign is kept by mxfp4 alone.
void quantise(PackedFormat, std::span<const float> row, std::byte* out);

/// The same in the plainest code: the definition.
void quantise_plainly(PackedFormat, std::span<const float> row, std::byte* out);

}  // namespace moe
