#include "kernels/packed/random_elements.h"

#include <cstring>

namespace moe {
namespace {

/// Sign, exponent and fraction of a format, for sizes from 2^-8 to 1.
std::uint32_t random_bits(PackedFormat format, std::mt19937& random) {
  const auto draw = [&] { return static_cast<std::uint32_t>(random()); };
  const std::uint32_t sign = draw() & 1U, exponent = draw() % 8, fraction = draw();
  switch (format) {
    case PackedFormat::f32:
      return sign << 31U | (119 + exponent) << 23U | (fraction & 0x7fffffU);
    case PackedFormat::f16:
      return sign << 15U | (7 + exponent) << 10U | (fraction & 0x3ffU);
    case PackedFormat::bf16:
      return sign << 15U | (119 + exponent) << 7U | (fraction & 0x7fU);
  }
  return 0;
}

}  // namespace

std::vector<std::byte> random_elements(PackedFormat format, std::int64_t count,
                                       std::mt19937& random) {
  const auto size = static_cast<std::size_t>(size_of(format));
  std::vector<std::byte> elements(static_cast<std::size_t>(count) * size);
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const std::uint32_t bits = random_bits(format, random);
    std::memcpy(elements.data() + i * size, &bits, size);  // little-endian: the lower bytes
  }
  return elements;
}

std::vector<float> random_floats(std::int64_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

}  // namespace moe
