#include "models/checkpoint/rounding.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace moe {

std::uint16_t to_bf16(float value) {
  constexpr std::uint16_t kNotANumber = 0x7FC0;
  if (std::isnan(value)) return kNotANumber;  // whose lowest bits could carry into the sign
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U);
}

std::uint16_t to_f16(float value) {
  const _Float16 half = static_cast<_Float16>(value);
  return std::bit_cast<std::uint16_t>(half);
}

float largest(DType dtype) {
  return dtype == DType::f32   ? std::numeric_limits<float>::max()
         : dtype == DType::f16 ? 65504.0F
                               : 0x1.FEp127F;
}

void store_rounded(std::byte* at, float value, DType dtype) {
  if (dtype == DType::f32) {
    std::memcpy(at, &value, sizeof(value));
    return;
  }
  const std::uint16_t half = dtype == DType::bf16 ? to_bf16(value) : to_f16(value);
  std::memcpy(at, &half, sizeof(half));
}

}  // namespace moe
