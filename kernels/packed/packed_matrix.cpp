#include "kernels/packed/packed_matrix.h"

#include <cstring>

#include "kernels/packed/element.h"

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
                std::byte* packed) {
  const std::int64_t width = panel_width();
  auto* out = packed + panel * shape.panel_bytes();
  for (std::int64_t j = 0; j < width; ++j) {
    const std::int64_t n = panel * width + j;
    const std::int64_t place = place_of(j, width, shape.format);
    for (std::int64_t k = 0; k < shape.K; ++k) {
      const T value = n < shape.N ? element_at<T>(weight_NK, n * shape.K + k) : T{};
      std::memcpy(out + (k * width + place) * std::int64_t{sizeof(T)}, &value, sizeof(T));
    }
  }
}

}  // namespace

std::int64_t size_of(PackedFormat format) {
  return format == PackedFormat::f32 ? 4 : 2;
}

std::string_view name_of(PackedFormat format) {
  switch (format) {
    case PackedFormat::f32:
      return "f32";
    case PackedFormat::f16:
      return "f16";
    case PackedFormat::bf16:
      return "bf16";
  }
  return "";
}

std::int64_t PackedShape::panels() const {
  return (N + panel_width() - 1) / panel_width();
}

std::int64_t PackedShape::panel_bytes() const {
  return K * panel_width() * size_of(format);
}

void pack_panels(const PackedShape& shape, const std::byte* weight_NK, std::int64_t begin,
                 std::int64_t end, std::byte* packed) {
  for (std::int64_t panel = begin; panel < end; ++panel) {
    if (size_of(shape.format) == 4) {
      pack_panel<std::uint32_t>(shape, weight_NK, panel, packed);
    } else {
      pack_panel<std::uint16_t>(shape, weight_NK, panel, packed);
    }
  }
}

}  // namespace moe
