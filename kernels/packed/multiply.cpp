// The multiplication of packed panels, for each set of vector instructions that this build has; the
// best that the machine has is taken.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed/multiply.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <algorithm>
#include <array>

#include <hwy/highway.h>
#include "kernels/packed/block_sums.h"
#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/quantised_tile-inl.h"
#include "kernels/packed/tile-inl.h"
#include "kernels/packed/tiling.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

/// As many rows as accumulate in registers: two vectors each.
constexpr int kMostRows = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 12 : 6;

template <class Weights>
constexpr bool kQuantised = requires { Weights::kScaleBytes; };

/// Rows of a tile. Of quantised weights registers hold the sums of a block too, and codes of 4 bits
/// while they are taken apart.
template <class Weights>
constexpr int tile_rows() {
  if constexpr (kQuantised<Weights>)
    return kMostRows >= 12 ? 8 : Weights::code_bytes(8) < 8 ? 4 : 6;
  return kMostRows;
}

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

/// All rows of some panels, in tiles that are as alike as can be. Where two rows were left of full
/// tiles they are one, which takes two panels: a third of the registers for each row of it.
template <class Weights>
void multiply_tiles(const Operands& o, std::int64_t panels, std::int64_t rows) {
  constexpr std::int64_t kRows = tile_rows<Weights>();
  const std::int64_t tiles = (rows + kRows - 1) / kRows;
  const bool full = kRows == 6 && panels_at_once<Weights>(2) == 2 && rows % kRows == 2;
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    const std::int64_t begin = full ? tile * kRows : part(rows, tile, tiles);
    const std::int64_t end = full ? std::min(rows, begin + kRows) : part(rows, tile + 1, tiles);
    Operands some = o;
    some.x += begin;
    some.y += begin * o.stride;
    some.block_sum += begin * o.sum_stride;
    multiply_some<Weights, tile_rows<Weights>()>(some, panels, end - begin);
  }
}

/// Two panels at a time where there are several tiles, so that a panel is read once.
template <class Weights>
void multiply_all(Operands o, std::int64_t panels, std::int64_t rows) {
  if (rows <= tile_rows<Weights>()) return multiply_tiles<Weights>(o, panels, rows);
  constexpr std::int64_t kTogether = 2;
  for (std::int64_t p = 0; p < panels; p += kTogether) {
    multiply_tiles<Weights>(o, std::min(kTogether, panels - p), rows);
    o.packed += kTogether * o.panel_bytes;
    o.y += kTogether * 2 * lanes();
  }
}

/// Some rows and inputs at a time, whose blocks are summed up first.
void multiply_int4(const Operands& o, std::int64_t panels, std::int64_t rows) {
  constexpr std::int64_t kBlocks = 64, kInputs = kBlocks * kQuantisedBlock;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): all that is read is written first
  std::array<float, static_cast<std::size_t>(kBlockRows * kBlocks)> sums;
  Operands part = o;
  part.block_sum = sums.data();
  part.sum_stride = kBlocks;
  for (std::int64_t first = 0; first < rows; first += kBlockRows) {
    const std::int64_t count = std::min(kBlockRows, rows - first);
    part.x = o.x + first;
    part.y = o.y + first * o.stride;
    for (std::int64_t begin = 0; begin < o.end; begin += kInputs) {
      part.begin = begin;
      part.end = std::min(o.end, begin + kInputs);
      part.packed = o.packed + begin / kQuantisedBlock * 2 * lanes() * WeightsInt4::kBlockBytes;
      for (std::int64_t r = 0; r < count; ++r)
        sum_blocks(part.x[r] + begin, part.end - begin, sums.data() + r * kBlocks);
      multiply_all<WeightsInt4>(part, panels, count);
    }
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
                      .stride = stride,
                      .block_sum = nullptr,
                      .sum_stride = 0};
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
      return multiply_int4(o, panels, rows);
    case PackedFormat::mxfp4:
      return multiply_all<WeightsMxfp4>(o, panels, rows);
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
