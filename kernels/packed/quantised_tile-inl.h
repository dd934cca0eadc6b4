// Tiles of rows times panels of quantised weights, in the set of vector instructions that includes
// this; no include guard but Highway's.
#if defined(MOE_KERNELS_PACKED_QUANTISED_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOE_KERNELS_PACKED_QUANTISED_TILE_INL_H_
#undef MOE_KERNELS_PACKED_QUANTISED_TILE_INL_H_
#else
#define MOE_KERNELS_PACKED_QUANTISED_TILE_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include "kernels/packed/quantised-inl.h"
#include "kernels/packed/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

/// Hands the codes of inputs [k, end) of kPanels panels to tile.add(), kAtOnce of them at most.
template <class Weights, int kPanels, int kPhase, class Tile>
HWY_INLINE void take_phase(const std::byte* const* all, std::int64_t input, std::int64_t k,
                           std::int64_t end, Tile& tile) {
  decltype(Weights::template codes<kPhase>(nullptr, 0)) codes[kPanels];
  for (int p = 0; p < kPanels; ++p) codes[p] = Weights::template codes<kPhase>(all[p], input);
  const auto take = [&](std::int64_t i) HWY_ATTR {
    for (int p = 0; p < kPanels; ++p) tile.add(k + i, p, Weights::next(codes[p]));
  };
  if (k + Weights::kAtOnce <= end) {
    for (std::int64_t i = 0; i < Weights::kAtOnce; ++i) take(i);
  } else {
    for (std::int64_t i = 0; i < end - k; ++i) take(i);
  }
}

/// A tile of sums over a block's codes, and what the blocks before came to.
template <int kRows, int kPanels>
struct BlockTile {
  HWY_INLINE explicit BlockTile(const Operands& o) : block(o, false), sums(o, true) {}

  HWY_INLINE void add(std::int64_t k, int p, const Pair& codes) { block.add(k, p, codes); }

  HWY_INLINE void fold(std::int64_t, int p, const Pair& scales) {
    for (int r = 0; r < kRows; ++r) {
      Vector(&part)[2] = block.sum[r][p];
      Vector(&sum)[2] = sums.sum[r][p];
      sum[0] = hn::MulAdd(scales.low, part[0], sum[0]);
      sum[1] = hn::MulAdd(scales.high, part[1], sum[1]);
      part[0] = part[1] = hn::Zero(Floats());
    }
  }

  /// An offset is that of all inputs of a block: it is multiplied with their sum.
  HWY_INLINE void fold(std::int64_t b, int p, const ScaleAndOffset& scales) {
    fold(b, p, scales.scale);
    for (int r = 0; r < kRows; ++r) {
      const Vector inputs = hn::Set(Floats(), sums.o.block_sum[r * sums.o.sum_stride + b]);
      Vector(&sum)[2] = sums.sum[r][p];
      sum[0] = hn::MulAdd(scales.offset.low, inputs, sum[0]);
      sum[1] = hn::MulAdd(scales.offset.high, inputs, sum[1]);
    }
  }

  Tile<kRows, kPanels> block, sums;
};

/// y of kRows rows and kPanels panels, block after block.
template <class Weights, int kRows, int kPanels>
HWY_INLINE void multiply_quantised_tile(const Operands& o) {
  constexpr std::int64_t kAtOnce = Weights::kAtOnce, kLoaded = Weights::kPhases * kAtOnce;
  const std::int64_t width = 2 * lanes();
  const std::byte* HWY_RESTRICT block = o.packed;
  BlockTile<kRows, kPanels> tile(o);
  for (std::int64_t begin = o.begin; begin < o.end; begin += kQuantisedBlock) {
    const std::byte* all[kPanels];
    for (int p = 0; p < kPanels; ++p)
      all[p] = block + p * o.panel_bytes + width * Weights::kScaleBytes;
    const std::int64_t end = std::min(o.end, begin + kQuantisedBlock);
    for (std::int64_t k = begin; k < end; k += kLoaded) {
      const std::int64_t input = k - begin;
      for (int p = 0; p < kPanels; ++p) {
        const std::byte* at = all[p] + Weights::code_bytes(input) * width;
        for (std::int64_t line = 0; line < Weights::code_bytes(kLoaded) * width; line += 64)
          hwy::Prefetch(at + 1024 + line);
      }
      take_phase<Weights, kPanels, 0>(all, input, k, end, tile);
      if constexpr (Weights::kPhases == 2)
        take_phase<Weights, kPanels, 1>(all, input, k + kAtOnce, end, tile);
    }
    for (int p = 0; p < kPanels; ++p)
      tile.fold((begin - o.begin) / kQuantisedBlock, p, Weights::scales(block + p * o.panel_bytes));
    block += width * Weights::kBlockBytes;
  }
  tile.sums.store();
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#endif
