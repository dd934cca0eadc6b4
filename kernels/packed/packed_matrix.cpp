#include "kernels/packed/packed_matrix.h"

#include <algorithm>
#include <cstring>

#include "kernels/packed/element.h"
#include "kernels/packed/quantised.h"
#include "kernels/packed/quantised_panel.h"

namespace moe {
namespace {

/// Where output j of a panel lies among the weights of one input: of bf16 the two halves of a panel
/// take turns (tile-inl.h).
std::int64_t place_of(std::int64_t j, std::int64_t width, PackedFormat format) {
  if (format != PackedFormat::bf16) return j;
  return j < width / 2 ? 2 * j : 2 * (j - width / 2) + 1;
}

template <typename T>
void pack_panel(const PackedShape& shape, const std::byte* weight_NK, std::int64_t panel,
                std::byte* out) {
  const std::int64_t width = panel_width();
  for (std::int64_t j = 0; j < width; ++j) {
    const std::int64_t n = panel * width + j;
    const std::int64_t place = place_of(j, width, shape.format);
    for (std::int64_t k = 0; k < shape.K; ++k) {
      const T value = n < shape.N ? element_at<T>(weight_NK, n * shape.K + k) : T{};
      std::memcpy(out + (k * width + place) * std::int64_t{sizeof(T)}, &value, sizeof(T));
    }
  }
}

/// Output j's part of a block of n inputs: its scale (and its offset), then its codes.
void pack_quantised(PackedFormat format, const std::byte* block, std::int64_t n, std::int64_t j,
                    std::byte* out) {
  const std::int64_t width = panel_width();
  if (format == PackedFormat::mxfp4) {  // 2^(e - 127) as bf16; of e = 0 it is subnormal
    const auto e = std::to_integer<std::uint16_t>(*block);
    const auto scale = static_cast<std::uint16_t>(e == 0 ? 0x40 : e << 7U);
    std::memcpy(out + 2 * j, &scale, sizeof(scale));
  } else {
    for (std::int64_t part = 0; part < scale_bytes(format); part += 2)
      std::memcpy(out + part * width + 2 * j, block + part, 2);
  }
  const std::byte* codes = block + scale_bytes(format);
  out += width * panel_scale_bytes(format);
  for (std::int64_t k = 0; k < n; ++k) {
    const std::uint8_t code = code_at(format, codes, k);
    if (format == PackedFormat::int8) {
      out[k * width + j] = static_cast<std::byte>(code);
    } else {
      const std::int64_t bit = panel_nibble(format, k % 8) * 4;
      out[(k / 8 * width + j) * 4 + bit / 8] |= static_cast<std::byte>(code << bit % 8);
    }
  }
}

void pack_quantised_panel(const PackedShape& shape, const std::byte* weight_NK, std::int64_t panel,
                          std::byte* out) {
  const std::int64_t width = panel_width(), stored = row_bytes(shape.format, shape.K);
  std::memset(out, 0, static_cast<std::size_t>(shape.panel_bytes()));
  for (std::int64_t j = 0; j < width && panel * width + j < shape.N; ++j) {
    const std::byte* block = weight_NK + (panel * width + j) * stored;
    std::byte* to = out;
    for (std::int64_t k = 0; k < shape.K; k += kQuantisedBlock) {
      const std::int64_t n = std::min(kQuantisedBlock, shape.K - k);
      pack_quantised(shape.format, block, n, j, to);
      block += block_bytes(shape.format, n);
      to += panel_block_bytes(shape.format, n) * width;
    }
  }
}

/// Bytes of K elements where no outputs, or one output of a panel, are side by side: whole blocks
/// and what is left.
template <typename BlockBytes>
std::int64_t blocks_of(std::int64_t K, BlockBytes&& bytes) {
  const std::int64_t rest = K % kQuantisedBlock;
  return K / kQuantisedBlock * bytes(kQuantisedBlock) + (rest > 0 ? bytes(rest) : 0);
}

}  // namespace

std::string_view name_of(PackedFormat format) {
  switch (format) {
    case PackedFormat::f32:
      return "f32";
    case PackedFormat::f16:
      return "f16";
    case PackedFormat::bf16:
      return "bf16";
    case PackedFormat::int8:
      return "int8";
    case PackedFormat::int4:
      return "int4";
    case PackedFormat::mxfp4:
      return "mxfp4";
  }
  return "";
}

std::int64_t row_bytes(PackedFormat format, std::int64_t K) {
  if (!is_quantised(format)) return K * (format == PackedFormat::f32 ? 4 : 2);
  return blocks_of(K, [&](std::int64_t n) { return block_bytes(format, n); });
}

std::int64_t bytes_of(PackedFormat format, std::int64_t N, std::int64_t K) {
  return N * row_bytes(format, K);
}

std::int64_t PackedShape::panels() const {
  return (N + panel_width() - 1) / panel_width();
}

std::int64_t PackedShape::panel_bytes() const {
  if (!is_quantised(format)) return bytes_of(format, panel_width(), K);
  return panel_width() * blocks_of(K, [&](std::int64_t n) { return panel_block_bytes(format, n); });
}

void pack_panels(const PackedShape& shape, const std::byte* weight_NK, std::int64_t begin,
                 std::int64_t end, std::byte* packed) {
  for (std::int64_t panel = begin; panel < end; ++panel) {
    std::byte* out = packed + panel * shape.panel_bytes();
    if (is_quantised(shape.format)) {
      pack_quantised_panel(shape, weight_NK, panel, out);
    } else if (shape.format == PackedFormat::f32) {
      pack_panel<std::uint32_t>(shape, weight_NK, panel, out);
    } else {
      pack_panel<std::uint16_t>(shape, weight_NK, panel, out);
    }
  }
}

}  // namespace moe
