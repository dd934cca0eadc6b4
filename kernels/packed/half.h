// float16 (IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction) to float32 and back.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace moe {

inline constexpr float kLargestHalf = 65504;

inline float float_of_half(std::uint16_t half) {
  // Exponents are 112 lower than float32's, those of subnormal numbers too; only the highest stands
  // for infinity and for what is no number.
  const std::uint32_t magnitude = (half & 0x7fffU) << 13U;
  const float value = magnitude < 0x0f800000U ? std::bit_cast<float>(magnitude) * 0x1p112F
                                              : std::bit_cast<float>(magnitude | 0x7f800000U);
  return (half & 0x8000U) != 0 ? -value : value;
}

/// The nearest, of two the even one; infinity beyond the largest. Of numbers.
inline std::uint16_t half_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16U & 0x8000U, magnitude = bits & 0x7fffffffU;
  if (magnitude >= 0x47800000U) return static_cast<std::uint16_t>(sign | 0x7c00U);  // 2^16
  if (magnitude < 0x38800000U) {  // 2^-14: the sum's last place is the smallest subnormal's
    const float sum = std::abs(value) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(sum) - 0x3f000000U));
  }
  const std::uint32_t odd = magnitude >> 13U & 1U;
  return static_cast<std::uint16_t>(sign | (magnitude - 0x38000000U + 0xfffU + odd) >> 13U);
}

}  // namespace moe
