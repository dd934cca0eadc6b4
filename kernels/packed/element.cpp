#include "kernels/packed/element.h"

#include <bit>
#include <cmath>
#include <limits>

#include "kernels/packed/quantised.h"

namespace moe {
namespace {

/// IEEE 754 binary16: a sign, 5 bits of exponent (bias 15), 10 of fraction.
double half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
  const double sign = (bits & 0x8000U) != 0 ? -1 : 1;
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  if (exponent < 31) return sign * std::ldexp(1024 + fraction, exponent - 25);
  return fraction == 0 ? sign * std::numeric_limits<double>::infinity()
                       : std::numeric_limits<double>::quiet_NaN();
}

/// Element k of a quantised block.
double quantised_element(PackedFormat format, const std::byte* block, std::int64_t k) {
  const std::uint8_t code = code_at(format, block + scale_bytes(format), k);
  if (format == PackedFormat::mxfp4) {
    constexpr double kValues[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    const double value = std::ldexp(kValues[code % 8], std::to_integer<int>(*block) - 127);
    return code < 8 ? value : -value;
  }
  const double scale = half(element_at<std::uint16_t>(block, 0));
  if (format == PackedFormat::int8) return scale * static_cast<std::int8_t>(code);
  return static_cast<float>(scale * code + half(element_at<std::uint16_t>(block, 1)));
}

const std::byte* block_of(PackedFormat format, const std::byte* row, std::int64_t k) {
  return row + k / kQuantisedBlock * block_bytes(format, kQuantisedBlock);
}

}  // namespace

double element_of(PackedFormat format, const std::byte* row, std::int64_t k) {
  switch (format) {
    case PackedFormat::f32:
      return element_at<float>(row, k);
    case PackedFormat::f16:
      return half(element_at<std::uint16_t>(row, k));
    case PackedFormat::bf16:
      return std::bit_cast<float>(std::uint32_t{element_at<std::uint16_t>(row, k)} << 16U);
    case PackedFormat::int8:
    case PackedFormat::int4:
    case PackedFormat::mxfp4:
      return quantised_element(format, block_of(format, row, k), k % kQuantisedBlock);
  }
  return 0;
}

double size_of_element(PackedFormat format, const std::byte* row, std::int64_t k) {
  if (format != PackedFormat::int4) return std::abs(element_of(format, row, k));
  const std::byte* block = block_of(format, row, k);
  const std::uint8_t code = code_at(format, block + scale_bytes(format), k % kQuantisedBlock);
  return std::abs(half(element_at<std::uint16_t>(block, 0)) * code) +
         std::abs(half(element_at<std::uint16_t>(block, 1)));
}

}  // namespace moe
