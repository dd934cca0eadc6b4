// Quantisation with vectors, for each set of vector instructions that this build has.
//
// int8 takes a block at a time. int4 takes as many blocks as a vector has lanes, each in a lane of
// its own: its sums are then those of sixteen_steps.cpp in their order, of which each block has
// many, and none is across lanes. Products and sums are rounded one after the other
// (-ffp-contract=off), so that the bits are the same on every machine.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed/quantise_blocks.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include <hwy/highway.h>
#include "kernels/packed/half.h"
#include "kernels/packed/quantise_blocks.h"
#include "kernels/packed/quantised.h"
#include "kernels/packed/transpose.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// At most the lanes that divide a block.
using Floats = hn::CappedTag<float, 16>;
using Bits = hn::RebindToUnsigned<Floats>;
using Vector = hn::Vec<Floats>;
using Mask = hn::Mask<Floats>;

void int8_blocks(const float* row, std::int64_t blocks, std::byte* out) {
  const Floats d;
  const hn::Rebind<std::int8_t, Floats> codes;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t block = 0; block < blocks; ++block, row += kQuantisedBlock) {
    Vector sizes = hn::Zero(d);
    for (std::int64_t k = 0; k < kQuantisedBlock; k += lanes)
      sizes = hn::Max(sizes, hn::Abs(hn::LoadU(d, row + k)));
    const float largest = hn::GetLane(hn::MaxOfLanes(d, sizes));
    std::uint16_t scale = half_of(largest / 127);
    if (float_of_half(scale) * 127 < largest) ++scale;  // the next half that is larger
    std::memcpy(out, &scale, sizeof(scale));
    out += sizeof(scale);
    const float step = float_of_half(scale);
    const Vector divisor = hn::Set(d, step > 0 ? step : 1);  // 0: all of the block is 0
    for (std::int64_t k = 0; k < kQuantisedBlock; k += lanes, out += lanes) {
      const auto code = hn::NearestInt(hn::Div(hn::LoadU(d, row + k), divisor));
      hn::StoreU(hn::DemoteTo(codes, code), codes, reinterpret_cast<std::int8_t*>(out));
    }
  }
}

/// The nearest finite float16, of two the even one.
HWY_INLINE Vector rounded_to_half(Vector value) {
  const Floats d;
  const Bits bits;
  const Vector size = hn::Min(hn::Abs(value), hn::Set(d, kLargestHalf));
  const auto magnitude = hn::BitCast(bits, size);
  const auto odd = hn::And(hn::ShiftRight<13>(magnitude), hn::Set(bits, 1));
  const auto up = hn::Add(hn::Add(magnitude, hn::Set(bits, 0xfff)), odd);
  Vector rounded = hn::BitCast(d, hn::And(up, hn::Set(bits, ~0x1fffU)));
  const Vector half = hn::Set(d, 0.5F);  // the sum's last place is the smallest subnormal's
  rounded = hn::IfThenElse(hn::Lt(size, hn::Set(d, 0x1p-14F)), hn::Sub(hn::Add(size, half), half),
                           rounded);
  return hn::CopySignToAbs(rounded, value);
}

/// Of each lane's block: element k of all blocks lies at k times the lanes.
struct Blocks {
  const float* w;
  Vector low, range;  // the smallest element, and how far the largest is from it
  Vector above_sum;   // of what elements are above the smallest

  HWY_INLINE Vector element(int k) const {
    return hn::Load(Floats(), w + static_cast<std::size_t>(k) * hn::Lanes(Floats()));
  }
};

/// Codes are those nearest to (element - offset) * inverse.
struct Codes {
  Vector inverse, offset;

  HWY_INLINE Vector of(Vector element) const {
    const Floats d;
    const Vector at = hn::Mul(hn::Sub(element, offset), inverse);
    return hn::Min(hn::Max(hn::Round(at), hn::Zero(d)), hn::Set(d, 15.0F));
  }
};

struct Steps {
  Vector scale, offset;

  HWY_INLINE Codes codes() const {
    const Floats d;
    const Vector inverse = hn::Div(hn::Set(d, 1.0F), scale);
    return {hn::IfThenElseZero(hn::Gt(scale, hn::Zero(d)), inverse), offset};
  }
};

/// Terms of a block added by halves: element k and the one half as far again, and so on.
template <class Terms>
HWY_INLINE auto sum_of(const Terms& terms) {
  const auto two = [&](int k) HWY_ATTR { return terms(k) + terms(k + 16); };
  const auto four = [&](int k) HWY_ATTR { return two(k) + two(k + 8); };
  const auto eight = [&](int k) HWY_ATTR { return four(k) + four(k + 4); };
  return (eight(0) + eight(2)) + (eight(1) + eight(3));
}

struct One {
  Vector value;
  HWY_INLINE One operator+(const One& o) const { return {hn::Add(value, o.value)}; }
};

struct Moments {
  Vector code, square, product;
  HWY_INLINE Moments operator+(const Moments& o) const {
    return {hn::Add(code, o.code), hn::Add(square, o.square), hn::Add(product, o.product)};
  }
};

HWY_NOINLINE Vector squared_error(const Blocks& blocks, const Steps& steps) {
  const Codes codes = steps.codes();
  return sum_of([&](int k) HWY_ATTR {
           const Vector w = blocks.element(k);
           const Vector now = hn::Add(hn::Mul(steps.scale, codes.of(w)), steps.offset);
           const Vector off = hn::Sub(now, w);
           return One{hn::Mul(off, off)};
         })
      .value;
}

/// Scales and offsets of least squared error with these codes, as in sixteen_steps.cpp.
HWY_NOINLINE Steps fitted(const Blocks& blocks, const Codes& codes) {
  const Floats d;
  const Moments sum = sum_of([&](int k) HWY_ATTR {
    const Vector w = blocks.element(k), code = codes.of(w);
    return Moments{code, hn::Mul(code, code), hn::Mul(hn::Sub(w, blocks.low), code)};
  });
  const Vector n = hn::Set(d, float{kQuantisedBlock}), zero = hn::Zero(d);
  const Vector spread = hn::Sub(hn::Mul(n, sum.square), hn::Mul(sum.code, sum.code));
  const Vector slope = hn::Sub(hn::Mul(n, sum.product), hn::Mul(sum.code, blocks.above_sum));
  const Vector scale = hn::Div(slope, spread);
  const Vector least = hn::IfThenElse(hn::Lt(scale, zero), zero, scale);
  Steps fit;
  fit.scale = hn::IfThenElseZero(hn::Gt(spread, zero), rounded_to_half(least));
  const Vector above = hn::Sub(blocks.above_sum, hn::Mul(fit.scale, sum.code));
  fit.offset = rounded_to_half(hn::Add(blocks.low, hn::Div(above, n)));
  return fit;
}

HWY_INLINE Blocks described(const float* w) {
  const Floats d;
  Blocks blocks{.w = w, .low = hn::Load(d, w), .range = hn::Zero(d), .above_sum = hn::Zero(d)};
  Vector high = blocks.low;
  for (int k = 1; k < kQuantisedBlock; ++k) {  // of equals the first and the last: zeros have signs
    const Vector element = blocks.element(k);
    blocks.low = hn::IfThenElse(hn::Lt(element, blocks.low), element, blocks.low);
    high = hn::IfThenElse(hn::Lt(element, high), high, element);
  }
  blocks.range = hn::Sub(high, blocks.low);
  blocks.above_sum =
      sum_of([&](int k) HWY_ATTR { return One{hn::Sub(blocks.element(k), blocks.low)}; }).value;
  return blocks;
}

/// What nearest_steps() finds of each lane's block.
Steps nearest_steps_of(const Blocks& blocks) {
  const Floats d;
  Steps best{rounded_to_half(hn::Div(blocks.range, hn::Set(d, 15.0F))),
             rounded_to_half(blocks.low)};
  // The smallest scale of float16 tells them not apart: nothing is better than an error below 0.
  const Mask narrow = hn::Lt(blocks.range, hn::Set(d, 0x1p-30F));
  Vector error = hn::IfThenElse(narrow, hn::Set(d, -1.0F), squared_error(blocks, best));
  const auto try_fit = [&](const Codes& codes) HWY_ATTR {
    const Steps fit = fitted(blocks, codes);
    const Vector off = squared_error(blocks, fit);
    const Mask better = hn::Lt(off, error);
    best.scale = hn::IfThenElse(better, fit.scale, best.scale);
    best.offset = hn::IfThenElse(better, fit.offset, best.offset);
    error = hn::IfThenElse(better, off, error);
    return !hn::AllFalse(d, better);
  };
  for (const float codes_of_range : {13.0F, 13.5F, 14.0F, 14.5F, 15.0F, 15.5F})
    try_fit({hn::Div(hn::Set(d, codes_of_range), blocks.range), blocks.low});
  // A lane that a fit made no better stays as it is.
  for (int again = 0; again < 4 && try_fit(best.codes()); ++again) {
  }
  return best;
}

/// Codes of 4 bits, eight elements' in 32 bits of each lane.
HWY_INLINE hn::Vec<Bits> eight_codes(const Blocks& blocks, const Codes& codes, int first) {
  const Bits bits;
  auto word = hn::Zero(bits);
  for (int k = 7; k >= 0; --k) {
    const auto code = hn::BitCast(
        bits, hn::ConvertTo(hn::RebindToSigned<Floats>(), codes.of(blocks.element(first + k))));
    word = hn::Or(hn::ShiftLeft<4>(word), code);
  }
  return word;
}

void int4_lanes(const float* w, std::span<std::byte* const> out) {
  constexpr std::size_t kMost = hn::MaxLanes(Floats());
  const Floats d;
  const Bits bits;
  const Blocks blocks = described(w);
  const Steps steps = nearest_steps_of(blocks);
  HWY_ALIGN std::array<float, kMost> scales{}, offsets{};
  HWY_ALIGN std::array<std::uint32_t, 4 * kMost> words{};
  hn::Store(steps.scale, d, scales.data());
  hn::Store(steps.offset, d, offsets.data());
  for (std::size_t i = 0; i < 4; ++i) {
    hn::Store(eight_codes(blocks, steps.codes(), static_cast<int>(8 * i)), bits,
              words.data() + i * hn::Lanes(d));
  }
  for (std::size_t lane = 0; lane < out.size(); ++lane) {
    const std::array<std::uint16_t, 2> halves = {half_of(scales[lane]), half_of(offsets[lane])};
    std::memcpy(out[lane], halves.data(), sizeof(halves));
    for (std::size_t i = 0; i < 4; ++i)
      std::memcpy(out[lane] + 4 + 4 * i, &words[i * hn::Lanes(d) + lane], 4);
  }
}

void int4_blocks(const float* row, std::int64_t blocks, std::byte* out) {
  constexpr std::size_t kMost = hn::MaxLanes(Floats());
  const std::size_t lanes = hn::Lanes(Floats());
  HWY_ALIGN std::array<float, kQuantisedBlock * kMost> w{};
  std::array<const std::byte*, kMost> from{};
  std::array<std::byte*, kMost> to{};
  for (std::int64_t block = 0; block < blocks; block += static_cast<std::int64_t>(lanes)) {
    const auto some = std::min(lanes, static_cast<std::size_t>(blocks - block));
    for (std::size_t lane = 0; lane < lanes; ++lane) {  // beyond the last the last again
      const auto b = block + static_cast<std::int64_t>(std::min(lane, some - 1));
      from[lane] = reinterpret_cast<const std::byte*>(row + b * kQuantisedBlock);
      to[lane] = out + b * block_bytes(PackedFormat::int4, kQuantisedBlock);
    }
    transpose(4, std::span(from).first(lanes), kQuantisedBlock,
              reinterpret_cast<std::byte*>(w.data()));
    int4_lanes(w.data(), std::span(to).first(some));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moe {

HWY_EXPORT(int8_blocks);
HWY_EXPORT(int4_blocks);

void quantise_blocks_int8(const float* row, std::int64_t blocks, std::byte* out) {
  HWY_DYNAMIC_DISPATCH(int8_blocks)(row, blocks, out);
}

void quantise_blocks_int4(const float* row, std::int64_t blocks, std::byte* out) {
  HWY_DYNAMIC_DISPATCH(int4_blocks)(row, blocks, out);
}

}  // namespace moe
#endif
