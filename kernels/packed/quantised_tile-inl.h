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
#include <type_traits>

#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include "kernels/packed/quantised-inl.h"
#include "kernels/packed/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

/// Hands the codes (of what has no scaled sums: the weights) of inputs [k, end) of kPanels panels
/// to sink.add(), kAtOnce of them at most.
template <class Weights, int kPanels, int kPhase, class Sink>
HWY_INLINE void take_phase(const std::byte* const* all, std::int64_t input, std::int64_t k,
                           std::int64_t end, const typename Weights::Scales* scales, Sink& sink) {
  decltype(Weights::template codes<kPhase>(nullptr, 0)) codes[kPanels];
  for (int p = 0; p < kPanels; ++p) codes[p] = Weights::template codes<kPhase>(all[p], input);
  const auto take = [&](std::int64_t i) HWY_ATTR {
    for (int p = 0; p < kPanels; ++p) sink.add(k + i, p, Weights::next(codes[p], scales[p]));
  };
  if (k + Weights::kAtOnce <= end) {
    for (std::int64_t i = 0; i < Weights::kAtOnce; ++i) take(i);
  } else {
    for (std::int64_t i = 0; i < end - k; ++i) take(i);
  }
}

/// Hands codes or weights to sink.add(), input after input, and the scales of scaled sums to
/// sink.fold() after each block.
template <class Weights, int kPanels, class Sink>
HWY_INLINE void take_weights(const Operands& o, Sink& sink) {
  constexpr std::int64_t kAtOnce = Weights::kAtOnce, kLoaded = Weights::kPhases * kAtOnce;
  const std::int64_t width = 2 * lanes();
  const std::byte* HWY_RESTRICT block = o.packed;
  for (std::int64_t begin = o.begin; begin < o.end; begin += kQuantisedBlock) {
    typename Weights::Scales scales[kPanels];
    const std::byte* all[kPanels];
    for (int p = 0; p < kPanels; ++p) {
      scales[p] = Weights::scales(block + p * o.panel_bytes);
      all[p] = block + p * o.panel_bytes + width * Weights::kScaleBytes;
    }
    const std::int64_t end = std::min(o.end, begin + kQuantisedBlock);
    for (std::int64_t k = begin; k < end; k += kLoaded) {
      const std::int64_t input = k - begin;
      for (int p = 0; p < kPanels; ++p)
        hwy::Prefetch(all[p] + Weights::code_bytes(input) * width + 1024);
      take_phase<Weights, kPanels, 0>(all, input, k, end, scales, sink);
      if constexpr (Weights::kPhases == 2)
        take_phase<Weights, kPanels, 1>(all, input, k + kAtOnce, end, scales, sink);
    }
    if constexpr (Weights::kScaledSums) {
      for (int p = 0; p < kPanels; ++p) sink.fold(p, scales[p]);
    }
    block += width * Weights::kBlockBytes;
  }
}

/// A tile of sums over a block's codes, and what the blocks before came to.
template <int kRows, int kPanels>
struct BlockTile {
  HWY_INLINE BlockTile(const Operands& o, bool from_y) : block(o, false), sums(o, from_y) {}

  HWY_INLINE void add(std::int64_t k, int p, const Pair& codes) { block.add(k, p, codes); }

  HWY_INLINE void fold(int p, const Pair& scales) {
    for (int r = 0; r < kRows; ++r) {
      Vector(&part)[2] = block.sum[r][p];
      Vector(&sum)[2] = sums.sum[r][p];
      sum[0] = hn::MulAdd(scales.low, part[0], sum[0]);
      sum[1] = hn::MulAdd(scales.high, part[1], sum[1]);
      part[0] = part[1] = hn::Zero(Floats());
    }
  }

  HWY_INLINE void store() const { sums.store(); }

  Tile<kRows, kPanels> block, sums;
};

/// y of kRows rows and kPanels panels from input 0 on, what the codes stand for taken out once.
template <class Weights, int kRows, int kPanels>
HWY_INLINE void multiply_quantised_tile(const Operands& o) {
  std::conditional_t<Weights::kScaledSums, BlockTile<kRows, kPanels>, Tile<kRows, kPanels>> tile(
      o, /*from_y=*/true);
  take_weights<Weights, kPanels>(o, tile);
  tile.store();
}

/// Codes as floats, written out with the scales of their blocks.
struct WrittenCodes {
  static constexpr std::int64_t kScaleBytes = sizeof(float);
  static constexpr std::int64_t kBlockBytes = (1 + kQuantisedBlock) * sizeof(float);
  static constexpr std::int64_t code_bytes(std::int64_t n) {
    return n * std::int64_t{sizeof(float)};
  }
  static constexpr bool kScaledSums = true;
  static constexpr int kPhases = 1;
  static constexpr std::int64_t kAtOnce = 1;
  using Scales = Pair;
  static HWY_INLINE Scales scales(const std::byte* block) { return WeightsF32::load(block); }
  template <int kPhase>
  static HWY_INLINE Pair codes(const std::byte* all, std::int64_t input) {
    return WeightsF32::load(all + code_bytes(input) * 2 * lanes());
  }
  static HWY_INLINE Pair next(const Pair& codes, const Scales&) { return codes; }
};

/// What is taken out of a panel as floats one after the other: as WrittenCodes has them, or, where
/// there are no scaled sums, as WeightsF32 has them.
struct Writer {
  HWY_INLINE void add(std::int64_t k, int, const Pair& weights) {
    put(values + ((k - begin) + (scaled ? (k - begin) / kQuantisedBlock + 1 : 0)) * 2 * lanes(),
        weights);
  }
  HWY_INLINE void fold(int, const Pair& scales) {
    put(block, scales);
    block += (1 + kQuantisedBlock) * 2 * lanes();
  }
  static HWY_INLINE void put(float* at, const Pair& pair) {
    hn::Store(pair.low, Floats(), at);
    hn::Store(pair.high, Floats(), at + lanes());
  }
  float *values, *block;
  std::int64_t begin;
  bool scaled;
};

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#endif
