#include "kernels/packed/quantised.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "harness/error.h"
#include "kernels/packed/half.h"
#include "kernels/packed/quantise_blocks.h"
#include "kernels/packed/sixteen_steps.h"

namespace moe {
namespace {

using Block = std::span<const float>;
using Codes = std::array<std::uint8_t, kQuantisedBlock>;

void store_half(float value, std::byte* out) {
  const std::uint16_t bits = half_of(value);
  std::memcpy(out, &bits, sizeof(bits));
}

void store_nibbles(const Codes& codes, std::size_t n, std::byte* out) {
  for (std::size_t k = 0; k < n; k += 2) {
    const std::uint32_t high = k + 1 < n ? codes[k + 1] : 0;
    out[k / 2] = static_cast<std::byte>(codes[k] | high << 4U);
  }
}

float largest_size(Block block) {
  float largest = 0;
  for (const float w : block) largest = std::max(largest, std::abs(w));
  return largest;
}

/// The nearest integer, of two the even one. Of sizes below 2^22.
float nearest(float x) {
  return (x + 0x1.8p23F) - 0x1.8p23F;
}

void store_int8(Block block, std::byte* out) {
  const float largest = largest_size(block);
  std::uint16_t scale = half_of(largest / 127);
  if (float_of_half(scale) * 127 < largest) ++scale;  // the next half that is larger
  std::memcpy(out, &scale, sizeof(scale));
  const float step = float_of_half(scale);
  for (std::size_t k = 0; k < block.size(); ++k) {
    const float code = step > 0 ? nearest(block[k] / step) : 0;
    out[sizeof(scale) + k] = static_cast<std::byte>(static_cast<std::int8_t>(code));
  }
}

void store_int4(Block block, std::byte* out) {
  const SixteenSteps steps = nearest_steps(block);
  store_half(steps.scale, out);
  store_half(steps.offset, out + 2);
  Codes codes{};
  for (std::size_t k = 0; k < block.size(); ++k)
    codes[k] = static_cast<std::uint8_t>(steps.codes[k]);
  store_nibbles(codes, block.size(), out + 4);
}

void store_mxfp4(Block block, std::byte* out) {
  const float largest = largest_size(block);
  const int exponent = largest > 0 ? std::max(std::ilogb(largest) - 2, -127) : -127;
  out[0] = static_cast<std::byte>(exponent + 127);
  const float inverse = std::ldexp(1.0F, -exponent);
  Codes codes{};
  for (std::size_t k = 0; k < block.size(); ++k) {
    // How many of the values are nearer than the one before; halfway goes to an even code.
    const float at = std::abs(block[k]) * inverse;
    const int code = int{at > 0.25F} + int{at >= 0.75F} + int{at > 1.25F} + int{at >= 1.75F} +
                     int{at > 2.5F} + int{at >= 3.5F} + int{at > 5.0F};
    codes[k] = static_cast<std::uint8_t>(std::signbit(block[k]) ? code + 8 : code);
  }
  store_nibbles(codes, block.size(), out + 1);
}

void check(PackedFormat format, Block row) {
  require(is_quantised(format), "quantise: expected int8, int4 or mxfp4, found {}",
          name_of(format));
  const float limit = largest_element(format);
  unsigned beyond = 0;  // without a way out, so that vectors of elements are looked at
  for (const float w : row) beyond |= static_cast<unsigned>(!(std::abs(w) <= limit));
  if (beyond == 0) return;
  for (std::size_t k = 0; k < row.size(); ++k)
    require(std::abs(row[k]) <= limit, "{}: expected numbers of a size up to {}, found {} at {}",
            name_of(format), limit, row[k], k);
}

void store_blocks(PackedFormat format, Block row, std::byte* out) {
  for (std::size_t k = 0; k < row.size(); k += kQuantisedBlock) {
    const Block block = row.subspan(k, std::min<std::size_t>(kQuantisedBlock, row.size() - k));
    if (format == PackedFormat::int8) {
      store_int8(block, out);
    } else if (format == PackedFormat::int4) {
      store_int4(block, out);
    } else {
      store_mxfp4(block, out);
    }
    out += block_bytes(format, std::ssize(block));
  }
}

}  // namespace

float largest_element(PackedFormat format) {
  switch (format) {
    case PackedFormat::int8:
      return 127 * kLargestHalf;
    case PackedFormat::f16:
    case PackedFormat::int4:
      return kLargestHalf;
    case PackedFormat::bf16:
      return 0x1.FEp127F;
    case PackedFormat::f32:
    case PackedFormat::mxfp4:
      break;
  }
  return std::numeric_limits<float>::max();
}

void quantise_plainly(PackedFormat format, std::span<const float> row, std::byte* out) {
  check(format, row);
  store_blocks(format, row, out);
}

void quantise(PackedFormat format, std::span<const float> row, std::byte* out) {
  check(format, row);
  const std::int64_t blocks = std::ssize(row) / kQuantisedBlock;
  if (format == PackedFormat::int8) {
    quantise_blocks_int8(row.data(), blocks, out);
  } else if (format == PackedFormat::int4) {
    quantise_blocks_int4(row.data(), blocks, out);
  } else {
    return store_blocks(format, row, out);
  }
  store_blocks(format, row.subspan(static_cast<std::size_t>(blocks * kQuantisedBlock)),
               out + blocks * block_bytes(format, kQuantisedBlock));
}

}  // namespace moe
