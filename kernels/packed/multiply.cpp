// The multiplication of packed panels, for each set of vector instructions that this build has; the
// best that the machine has is taken.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed/multiply.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <hwy/highway.h>
#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

/// As many rows as accumulate in registers: two vectors each.
constexpr int kMostRows = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 12 : 6;

struct Operands {
  const std::byte* packed;
  std::int64_t panel_bytes, inputs;
  const float* const* x;
  float* y;
  std::int64_t stride;
};

template <class Weights, int kRows>
HWY_NOINLINE void multiply_rows(const Operands& o, std::int64_t panels) {
  // Few rows take several panels at once: each chain of additions waits for itself.
  constexpr int kPanels = kRows == 1 ? 4 : kRows <= 3 ? 2 : 1;
  std::int64_t p = 0;
  for (; p + kPanels <= panels; p += kPanels) {
    multiply_tile<Weights, kRows, kPanels>(o.packed + p * o.panel_bytes, o.panel_bytes, o.inputs,
                                           o.x, o.y + p * 2 * lanes(), o.stride);
  }
  for (; p < panels; ++p) {
    multiply_tile<Weights, kRows, 1>(o.packed + p * o.panel_bytes, o.panel_bytes, o.inputs, o.x,
                                     o.y + p * 2 * lanes(), o.stride);
  }
}

template <class Weights, int kRows = kMostRows>
HWY_INLINE void multiply_some(const Operands& o, std::int64_t panels, std::int64_t rows) {
  if (rows == kRows) {
    multiply_rows<Weights, kRows>(o, panels);
  } else if constexpr (kRows > 1) {
    multiply_some<Weights, kRows - 1>(o, panels, rows);
  }
}

/// All rows, in tiles that are as alike as can be; panel by panel, so that a panel is read once.
template <class Weights>
void multiply_all(Operands o, std::int64_t panels, std::int64_t rows) {
  const std::int64_t tiles = (rows + kMostRows - 1) / kMostRows;
  const std::int64_t at_a_time = tiles == 1 ? panels : 1;
  for (std::int64_t p = 0; p < panels; p += at_a_time) {
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
      const std::int64_t begin = rows * tile / tiles, end = rows * (tile + 1) / tiles;
      multiply_some<Weights>({o.packed + p * o.panel_bytes, o.panel_bytes, o.inputs, o.x + begin,
                              o.y + begin * o.stride + p * 2 * lanes(), o.stride},
                             at_a_time, end - begin);
    }
  }
}

void multiply(const PanelRange& range, std::span<const float* const> x, float* y,
              std::int64_t stride) {
  const PackedShape& shape = range.shape;
  const Operands o = {.packed = range.packed + range.begin * shape.panel_bytes(),
                      .panel_bytes = shape.panel_bytes(),
                      .inputs = shape.K,
                      .x = x.data(),
                      .y = y,
                      .stride = stride};
  const std::int64_t panels = range.end - range.begin, rows = std::ssize(x);
  switch (shape.format) {
    case PackedFormat::f32:
      return multiply_all<WeightsF32>(o, panels, rows);
    case PackedFormat::f16:
      return multiply_all<WeightsF16>(o, panels, rows);
    case PackedFormat::bf16:
      return multiply_all<WeightsBf16>(o, panels, rows);
  }
}

std::int64_t width() {
  return 2 * lanes();
}

std::int64_t target() {
  return HWY_TARGET;
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moe {

HWY_EXPORT(multiply);
HWY_EXPORT(width);
HWY_EXPORT(target);

std::int64_t panel_width() {
  return HWY_DYNAMIC_DISPATCH(width)();
}

std::string_view packed_target() {
  return hwy::TargetName(HWY_DYNAMIC_DISPATCH(target)());
}

void multiply_panels(const PanelRange& range, std::span<const float* const> x, float* y,
                     std::int64_t stride) {
  HWY_DYNAMIC_DISPATCH(multiply)(range, x, y, stride);
}

}  // namespace moe
#endif
