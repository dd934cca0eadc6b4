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

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

inline std::int64_t lanes() {
  return static_cast<std::int64_t>(hn::Lanes(Floats()));
}

/// Two vectors of weights: the outputs of a panel for one input.
struct Pair {
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
    const Floats d;
    const hn::Rebind<hwy::float16_t, Floats> halves;
    const auto* values = reinterpret_cast<const hwy::float16_t*>(at);
    return {hn::PromoteTo(d, hn::Load(halves, values)),
            hn::PromoteTo(d, hn::Load(halves, values + hn::Lanes(d)))};
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

/// y of kRows rows and kPanels panels. Accumulates over inputs in order; nothing of it depends on
/// kRows or kPanels.
template <class Weights, int kRows, int kPanels>
HWY_INLINE void multiply_tile(const std::byte* HWY_RESTRICT panel, std::int64_t panel_bytes,
                              std::int64_t inputs, const float* const* x, float* y,
                              std::int64_t stride) {
  const Floats d;
  const std::int64_t step = 2 * lanes() * Weights::kBytes;
  const float* row[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = x[r];
  Vector sum[kRows][kPanels][2];
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) sum[r][p][0] = sum[r][p][1] = hn::Zero(d);
  }
  for (std::int64_t k = 0; k < inputs; ++k) {
    for (int p = 0; p < kPanels; ++p) {
      const std::byte* at = panel + std::int64_t{p} * panel_bytes + k * step;
      hwy::Prefetch(at + 1024);
      const Pair weights = Weights::load(at);
      for (int r = 0; r < kRows; ++r) {
        const Vector input = hn::Set(d, row[r][k]);
        sum[r][p][0] = hn::MulAdd(input, weights.low, sum[r][p][0]);
        sum[r][p][1] = hn::MulAdd(input, weights.high, sum[r][p][1]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int p = 0; p < kPanels; ++p) {
      float* out = y + r * stride + std::int64_t{p} * 2 * lanes();
      hn::StoreU(sum[r][p][0], d, out);
      hn::StoreU(sum[r][p][1], d, out + lanes());
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#endif
