#include "kernels/packed/element.h"

#include <bit>
#include <cmath>
#include <limits>

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

}  // namespace

double element_of(PackedFormat format, const std::byte* elements, std::int64_t index) {
  switch (format) {
    case PackedFormat::f32:
      return element_at<float>(elements, index);
    case PackedFormat::f16:
      return half(element_at<std::uint16_t>(elements, index));
    case PackedFormat::bf16:
      return std::bit_cast<float>(std::uint32_t{element_at<std::uint16_t>(elements, index)} << 16U);
  }
  return 0;
}

}  // namespace moe
