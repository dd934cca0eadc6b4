// The micro-kernel: a tile of rows times some panels, accumulated in registers. Compiled once for
// each set of vector instructions; no include guard but Highway's.
#if defined(MOE_KERNELS_PACKED_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOE_KERNELS_PACKED_TILE_INL_H_
#undef MOE_KERNELS_PACKED_TILE_INL_H_
#else
#define MOE_KERNELS_PACKED_TILE_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include "kernels/packed/half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

inline std::int64_t lanes() {
  return static_cast<std::int64_t>(hn::Lanes(Floats()));
}

/// Two vectors of weights: the outputs of a panel for one input. g++ would make the constructors
/// without the instructions of this set, and on Arm Highway's own could not be inlined in them.
struct Pair {
  HWY_INLINE Pair() {}  // NOLINT(modernize-use-equals-default)
  HWY_INLINE Pair(Vector first, Vector second) : low(first), high(second) {}
  Vector low, high;
};

struct WeightsF32 {
  static constexpr std::int64_t kBytes = 4;
  static HWY_INLINE Pair load(const std::byte* at) {
    const auto* values = reinterpret_cast<const float*>(at);
    const Floats d;
    return {hn::Load(d, values), hn::Load(d, values + hn::Lanes(d))};
  }
};

struct WeightsF16 {
  static constexpr std::int64_t kBytes = 2;
  static HWY_INLINE Pair load(const std::byte* at) {
    return {floats_of_halves(at), floats_of_halves(at + 2 * lanes())};
  }
};

/// Outputs j and j + lanes lie in the low and the high half of 32 bits, so that one load and one
/// operation each make two vectors of floats.
struct WeightsBf16 {
  static constexpr std::int64_t kBytes = 2;
  static HWY_INLINE Pair load(const std::byte* at) {
    const hn::RebindToUnsigned<Floats> bits;
    const auto both = hn::Load(bits, reinterpret_cast<const std::uint32_t*>(at));
    return {hn::BitCast(Floats(), hn::ShiftLeft<16>(both)),
            hn::BitCast(Floats(), hn::And(both, hn::Set(bits, 0xffff0000U)))};
  }
};

/// Inputs [begin, end) of a multiplication; those before are in y already.
struct Operands {
  const std::byte* packed;  // the first panel, from input `begin` on
  std::int64_t panel_bytes, begin, end;
  const float* const* x;
  float* y;
  std::int64_t stride;
  const float* block_sum = nullptr;  // of int4: of each row's blocks of inputs from `begin` on,
  std::int64_t sum_stride = 0;       // row after row
};

/// y of kRows rows and kPanels panels, accumulated over inputs in order; nothing of it depends on
/// kRows or kPanels.
template <int kRows, int kPanels>
struct Tile {
  /// Goes on from what is in y, or begins at zero.
  HWY_INLINE Tile(const Operands& operands, bool from_y) : o(operands) {
    const bool onto = from_y && o.begin > 0;
    for (int r = 0; r < kRows; ++r) {
      row[r] = o.x[r];
      for (int p = 0; p < kPanels; ++p) {
        sum[r][p][0] = onto ? hn::LoadU(Floats(), y(r, p)) : hn::Zero(Floats());
        sum[r][p][1] = onto ? hn::LoadU(Floats(), y(r, p) + lanes()) : hn::Zero(Floats());
      }
    }
  }

  HWY_INLINE void add(std::int64_t k, int p, const Pair& weights) {
    for (int r = 0; r < kRows; ++r) {
      const Vector input = hn::Set(Floats(), row[r][k]);
      sum[r][p][0] = hn::MulAdd(input, weights.low, sum[r][p][0]);
      sum[r][p][1] = hn::MulAdd(input, weights.high, sum[r][p][1]);
    }
  }

  HWY_INLINE void store() const {
    for (int r = 0; r < kRows; ++r) {
      for (int p = 0; p < kPanels; ++p) {
        hn::StoreU(sum[r][p][0], Floats(), y(r, p));
        hn::StoreU(sum[r][p][1], Floats(), y(r, p) + lanes());
      }
    }
  }

  HWY_INLINE float* y(int r, int p) const {
    return o.y + r * o.stride + std::int64_t{p} * 2 * lanes();
  }

  const Operands& o;
  const float* row[kRows];
  Vector sum[kRows][kPanels][2];
};

template <class Weights, int kRows, int kPanels>
HWY_INLINE void multiply_tile(const Operands& o) {
  const std::int64_t step = 2 * lanes() * Weights::kBytes;
  const std::byte* HWY_RESTRICT panel = o.packed;
  Tile<kRows, kPanels> tile(o, /*from_y=*/true);
  for (std::int64_t k = o.begin; k < o.end; ++k, panel += step) {
    for (int p = 0; p < kPanels; ++p) {
      const std::byte* at = panel + std::int64_t{p} * o.panel_bytes;
      hwy::Prefetch(at + 1024);
      tile.add(k, p, Weights::load(at));
    }
  }
  tile.store();
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#endif
