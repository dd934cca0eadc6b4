// Quantised weights out of a panel, as quantised_panel.h lays them out, in the set of vector
// instructions that includes this; no include guard but Highway's.
#if defined(MOE_KERNELS_PACKED_QUANTISED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOE_KERNELS_PACKED_QUANTISED_INL_H_
#undef MOE_KERNELS_PACKED_QUANTISED_INL_H_
#else
#define MOE_KERNELS_PACKED_QUANTISED_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include <hwy/highway.h>
#include "kernels/packed/half-inl.h"
#include "kernels/packed/quantised_panel.h"
#include "kernels/packed/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

using Bits = hn::RebindToUnsigned<Floats>;
using Ints = hn::RebindToSigned<Floats>;

/// Can a vector hold a float for each code of 4 bits, to be looked up by the lowest bits of lanes?
constexpr bool kTableOfFloats = HWY_TARGET <= HWY_AVX3;

/// Of both halves of a panel, to be taken input after input.
struct Codes {
  HWY_INLINE Codes() {}  // NOLINT(modernize-use-equals-default): as Pair's
  HWY_INLINE Codes(hn::Vec<Bits> first, hn::Vec<Bits> second) : low(first), high(second) {}
  hn::Vec<Bits> low, high;
};

HWY_INLINE Codes load_codes(const std::byte* at) {
  const auto* values = reinterpret_cast<const std::uint32_t*>(at);
  return {hn::Load(Bits(), values), hn::Load(Bits(), values + lanes())};
}

/// table[lowest 4 bits of each lane]. The instruction reads no others, so none are cleared.
template <class Lanes>
HWY_INLINE Vector look_up(Vector table, Lanes bits) {
  using Indices = decltype(hn::IndicesFromVec(Floats(), bits));
  return hn::TableLookupLanes(table, Indices{bits.raw});
}

HWY_INLINE Vector floats_of(hn::Vec<Bits> integers) {
  return hn::ConvertTo(Floats(), hn::BitCast(Ints(), integers));
}

/// Where a format's weights lie in a panel, of one output.
template <PackedFormat kFormat>
struct InPanel {
  static constexpr std::int64_t kScaleBytes = panel_scale_bytes(kFormat);
  static constexpr std::int64_t kBlockBytes = panel_block_bytes(kFormat, kQuantisedBlock);
  static constexpr std::int64_t code_bytes(std::int64_t n) { return panel_code_bytes(kFormat, n); }
};

struct ScaleAndOffset {
  HWY_INLINE ScaleAndOffset() {}  // NOLINT(modernize-use-equals-default): as Pair's
  HWY_INLINE ScaleAndOffset(const Pair& first, const Pair& second) : scale(first), offset(second) {}
  Pair scale, offset;
};

/// Of each format kAtOnce inputs are loaded together, kPhases times from the same bytes. What is
/// multiplied and summed over a block are codes; next() makes floats of them.
struct WeightsInt8 : InPanel<PackedFormat::int8> {
  static constexpr int kPhases = 1;
  static constexpr std::int64_t kAtOnce = 4;
  using Scales = Pair;
  static HWY_INLINE Scales scales(const std::byte* block) {
    return {floats_of_halves(block), floats_of_halves(block + 2 * lanes())};
  }
  template <int kPhase>
  static HWY_INLINE const std::byte* codes(const std::byte* all, std::int64_t input) {
    return all + input * 2 * lanes();
  }
  static HWY_INLINE Pair next(const std::byte*& codes) {
    const std::byte* at = codes;
    codes += 2 * lanes();
    return {widened(at), widened(at + lanes())};
  }

 private:
  static HWY_INLINE Vector widened(const std::byte* at) {
    const hn::Rebind<std::int8_t, Floats> bytes;
    const auto codes = hn::Load(bytes, reinterpret_cast<const std::int8_t*>(at));
    return hn::ConvertTo(Floats(), hn::PromoteTo(Ints(), codes));
  }
};

struct WeightsInt4 : InPanel<PackedFormat::int4> {
  static constexpr int kPhases = 1;
  static constexpr std::int64_t kAtOnce = 8;
  using Scales = ScaleAndOffset;
  static HWY_INLINE Scales scales(const std::byte* block) {
    const std::int64_t half = 2 * lanes();  // bytes
    return {Pair{floats_of_halves(block), floats_of_halves(block + half)},
            Pair{floats_of_halves(block + 2 * half), floats_of_halves(block + 3 * half)}};
  }
  template <int kPhase>
  static HWY_INLINE Codes codes(const std::byte* all, std::int64_t input) {
    return load_codes(all + input * lanes());
  }
  static HWY_INLINE Pair next(Codes& codes) {
    const Pair floats = {code(codes.low), code(codes.high)};
    codes = {hn::ShiftRight<4>(codes.low), hn::ShiftRight<4>(codes.high)};
    return floats;
  }

 private:
  template <class Lanes>
  static HWY_INLINE Vector code(Lanes bits) {
    if constexpr (kTableOfFloats) {
      return look_up(hn::Iota(Floats(), 0), bits);
    } else {
      return floats_of(hn::And(bits, hn::Set(Bits(), 15)));
    }
  }
};

struct WeightsMxfp4 : InPanel<PackedFormat::mxfp4> {
  static constexpr int kPhases = 2;
  static constexpr std::int64_t kAtOnce = 4;
  using Scales = Pair;
  /// Of what next_code() makes: twice the value where that comes out of a table of bytes.
  static HWY_INLINE Scales scales(const std::byte* block) {
    return {scale(block), scale(block + 2 * lanes())};
  }
  template <int kPhase>
  static HWY_INLINE Codes codes(const std::byte* all, std::int64_t input) {
    const Codes eight = load_codes(all + input * lanes());
    return {prepared(hn::ShiftRight<4 * kPhase>(eight.low)),
            prepared(hn::ShiftRight<4 * kPhase>(eight.high))};
  }
  static HWY_INLINE Pair next(Codes& codes) {
    return {next_code(codes.low), next_code(codes.high)};
  }

 private:
  static constexpr bool kTableOfBytes = !kTableOfFloats && HWY_TARGET != HWY_SCALAR;
  alignas(64) static constexpr float kValues[16] = {0,     0.5F,  1,  1.5F,  2,  3,  4,  6,
                                                    -0.0F, -0.5F, -1, -1.5F, -2, -3, -4, -6};
  alignas(16) static constexpr std::int8_t kTwice[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                                         0, -1, -2, -3, -4, -6, -8, -12};

  static HWY_INLINE Vector scale(const std::byte* at) {
    const hn::Rebind<std::uint16_t, Floats> stored;
    const auto bits = hn::Load(stored, reinterpret_cast<const std::uint16_t*>(at));
    const Vector scale = hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(Bits(), bits)));
    return kTableOfBytes ? hn::Mul(scale, hn::Set(Floats(), 0.5F)) : scale;
  }

  /// What next_code() takes from: bytes with twice the values, or with the codes in lower halves.
  template <class Lanes>
  static HWY_INLINE Lanes prepared(Lanes bits) {
    if constexpr (kTableOfBytes) {
      const hn::Repartition<std::uint8_t, hn::DFromV<Lanes>> bytes;
      const auto codes = hn::BitCast(bytes, hn::And(bits, hn::Set(Bits(), 0x0f0f0f0fU)));
      const auto* table = reinterpret_cast<const std::uint8_t*>(kTwice);
      return hn::BitCast(Bits(), hn::TableLookupBytes(hn::LoadDup128(bytes, table), codes));
    } else {
      return bits;
    }
  }

  /// From the highest byte.
  template <class Lanes>
  static HWY_INLINE Vector next_code(Lanes& bits) {
    if constexpr (kTableOfFloats) {
      bits = hn::RotateRight<24>(bits);
      return look_up(hn::Load(Floats(), kValues), bits);
    } else {
      const auto highest = bits;
      bits = hn::ShiftLeft<8>(bits);
      if constexpr (kTableOfBytes) {
        return hn::ConvertTo(Floats(), hn::ShiftRight<24>(hn::BitCast(Ints(), highest)));
      } else {
        const auto code = hn::And(hn::ShiftRight<24>(highest), hn::Set(Bits(), 15));
        return hn::GatherIndex(Floats(), kValues, hn::BitCast(Ints(), code));
      }
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#endif
