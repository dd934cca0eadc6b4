// The multiplication of packed panels, for each set of vector instructions that this build has; the
// best that the machine has is taken.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed/multiply.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <algorithm>
#include <type_traits>

#include <hwy/highway.h>
#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/quantised_tile-inl.h"
#include "kernels/packed/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

/// As many rows as accumulate in registers: two vectors each.
constexpr int kMostRows = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 12 : 6;

/// Up to so many rows, codes of 4 bits are taken out of a panel as they are multiplied; for more,
/// they are first written out, so that it is done once for all tiles.
constexpr int kFewRows = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 8 : 5;

template <class Weights>
constexpr bool kQuantised = requires { Weights::kScaledSums; };

/// Few rows take several panels at once: each chain of additions waits for itself.
template <class Weights>
constexpr int panels_at_once(int rows) {
  if (kQuantised<Weights> && kMostRows < 12) return rows == 1 ? 2 : 1;  // codes take registers too
  return rows == 1 ? 4 : rows <= kMostRows / 3 ? 2 : 1;
}

template <class Weights, int kRows, int kPanels>
HWY_INLINE void multiply_panels_at(Operands o, std::int64_t panel) {
  o.packed += panel * o.panel_bytes;
  o.y += panel * 2 * lanes();
  if constexpr (kQuantised<Weights>) {
    multiply_quantised_tile<Weights, kRows, kPanels>(o);
  } else {
    multiply_tile<Weights, kRows, kPanels>(o);
  }
}

template <class Weights, int kRows>
HWY_NOINLINE void multiply_rows(const Operands& o, std::int64_t panels) {
  constexpr int kPanels = panels_at_once<Weights>(kRows);
  std::int64_t p = 0;
  for (; p + kPanels <= panels; p += kPanels) multiply_panels_at<Weights, kRows, kPanels>(o, p);
  for (; p < panels; ++p) multiply_panels_at<Weights, kRows, 1>(o, p);
}

template <class Weights, int kRows>
HWY_INLINE void multiply_some(const Operands& o, std::int64_t panels, std::int64_t rows) {
  if (rows == kRows) {
    multiply_rows<Weights, kRows>(o, panels);
  } else if constexpr (kRows > 1) {
    multiply_some<Weights, kRows - 1>(o, panels, rows);
  }
}

/// All rows of some panels, in tiles that are as alike as can be.
template <class Weights>
void multiply_tiles(const Operands& o, std::int64_t panels, std::int64_t rows) {
  const std::int64_t tiles = (rows + kMostRows - 1) / kMostRows;
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    const std::int64_t begin = rows * tile / tiles, end = rows * (tile + 1) / tiles;
    Operands some = o;
    some.x += begin;
    some.y += begin * o.stride;
    multiply_some<Weights, kMostRows>(some, panels, end - begin);
  }
}

/// Panel by panel where there are several tiles, so that a panel is read once.
template <class Weights>
void multiply_all(Operands o, std::int64_t panels, std::int64_t rows) {
  if (rows <= kMostRows) return multiply_tiles<Weights>(o, panels, rows);
  for (std::int64_t p = 0; p < panels; ++p) {
    multiply_tiles<Weights>(o, 1, rows);
    o.packed += o.panel_bytes;
    o.y += 2 * lanes();
  }
}

/// All rows of a panel, some of whose inputs are written out at a time.
template <class Weights>
void multiply_written_out(const Operands& o, std::int64_t rows) {
  constexpr std::int64_t kInputs = 4 * kQuantisedBlock;  // they fit a core's nearest cache
  HWY_ALIGN float written[(4 + kInputs) * 2 * hn::MaxLanes(Floats())];
  Operands part = o;
  for (std::int64_t begin = 0; begin < o.end; begin += kInputs) {
    part.begin = begin;
    part.end = std::min(o.end, begin + kInputs);
    part.packed = o.packed + begin / kQuantisedBlock * 2 * lanes() * Weights::kBlockBytes;
    Writer writer = {written, written, begin, Weights::kScaledSums};
    take_weights<Weights, 1>(part, writer);
    part.packed = reinterpret_cast<const std::byte*>(written);
    using Written = std::conditional_t<Weights::kScaledSums, WrittenCodes, WeightsF32>;
    multiply_tiles<Written>(part, 1, rows);
  }
}

/// Codes of 4 bits.
template <class Weights>
void multiply_nibbles(Operands o, std::int64_t panels, std::int64_t rows) {
  if (rows <= kFewRows) return multiply_some<Weights, kFewRows>(o, panels, rows);
  for (std::int64_t p = 0; p < panels; ++p) {
    multiply_written_out<Weights>(o, rows);
    o.packed += o.panel_bytes;
    o.y += 2 * lanes();
  }
}

void multiply(const PanelRange& range, std::span<const float* const> x, float* y,
              std::int64_t stride) {
  const PackedShape& shape = range.shape;
  const Operands o = {.packed = range.packed + range.begin * shape.panel_bytes(),
                      .panel_bytes = shape.panel_bytes(),
                      .begin = 0,
                      .end = shape.K,
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
    case PackedFormat::int8:
      return multiply_all<WeightsInt8>(o, panels, rows);
    case PackedFormat::int4:
      return multiply_nibbles<WeightsInt4>(o, panels, rows);
    case PackedFormat::mxfp4:
      return multiply_nibbles<WeightsMxfp4>(o, panels, rows);
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
