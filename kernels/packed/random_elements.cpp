#include "kernels/packed/random_elements.h"

#include <algorithm>
#include <cstring>

#include "kernels/packed/quantised.h"

namespace moe {
namespace {

/// Sign, exponent and fraction of a format, for sizes from 2^-8 to 1.
std::uint32_t random_bits(PackedFormat format, std::mt19937& random) {
  const auto draw = [&] { return static_cast<std::uint32_t>(random()); };
  const std::uint32_t sign = draw() & 1U, exponent = draw() % 8, fraction = draw();
  switch (format) {
    case PackedFormat::f16:
      return sign << 15U | (7 + exponent) << 10U | (fraction & 0x3ffU);
    case PackedFormat::bf16:
      return sign << 15U | (119 + exponent) << 7U | (fraction & 0x7fU);
    default:  // float32
      return sign << 31U | (119 + exponent) << 23U | (fraction & 0x7fffffU);
  }
}

template <typename T>
void store(std::uint32_t bits, std::byte* out) {
  const auto value = static_cast<T>(bits);
  std::memcpy(out, &value, sizeof(T));
}

/// float16 from 2^lowest to 2^(lowest + 3).
void random_scale(int lowest, std::byte* out, std::mt19937& random) {
  const auto draw = static_cast<std::uint32_t>(random());
  store<std::uint16_t>(static_cast<std::uint32_t>(15 + lowest) * 1024 + draw % (3 * 1024), out);
}

void random_block(PackedFormat format, std::int64_t n, std::byte* out, std::mt19937& random) {
  std::byte* codes = out + scale_bytes(format);
  for (std::int64_t i = 0; i < code_bytes(format, n); ++i)
    codes[i] = static_cast<std::byte>(random() & 0xffU);
  if (format == PackedFormat::int8) {
    random_scale(-9, out, random);
    for (std::int64_t i = 0; i < n; ++i)
      if (codes[i] == std::byte{0x80}) codes[i] = std::byte{0};  // -128 is no code
    return;
  }
  if (n % 2 != 0) codes[n / 2] &= std::byte{0xf};
  if (format == PackedFormat::mxfp4) {
    *out = static_cast<std::byte>(120 + random() % 6);
    return;
  }
  random_scale(-6, out, random);
  store<std::uint16_t>(random_bits(PackedFormat::f16, random), out + 2);
}

void random_row(PackedFormat format, std::int64_t K, std::byte* out, std::mt19937& random) {
  for (std::int64_t k = 0; is_quantised(format) && k < K; k += kQuantisedBlock) {
    const std::int64_t n = std::min(kQuantisedBlock, K - k);
    random_block(format, n, out, random);
    out += block_bytes(format, n);
  }
  for (std::int64_t k = 0; !is_quantised(format) && k < K; ++k) {
    if (format == PackedFormat::f32) {
      store<std::uint32_t>(random_bits(format, random), out + 4 * k);
    } else {
      store<std::uint16_t>(random_bits(format, random), out + 2 * k);
    }
  }
}

}  // namespace

std::vector<std::byte> random_rows(PackedFormat format, std::int64_t N, std::int64_t K,
                                   std::mt19937& random) {
  std::vector<std::byte> rows(static_cast<std::size_t>(bytes_of(format, N, K)));
  for (std::int64_t n = 0; n < N; ++n)
    random_row(format, K, rows.data() + n * row_bytes(format, K), random);
  return rows;
}

std::vector<float> random_floats(std::int64_t count, std::mt19937& random) {
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

}  // namespace moe
