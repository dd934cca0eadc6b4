// Vectors of float16 as float32, in the set of vector instructions that includes this; no include
// guard but Highway's.
#if defined(MOE_KERNELS_PACKED_HALF_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef MOE_KERNELS_PACKED_HALF_INL_H_
#undef MOE_KERNELS_PACKED_HALF_INL_H_
#else
#define MOE_KERNELS_PACKED_HALF_INL_H_
#endif

#include <cstdint>

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

/// Bits of float16, each in the lower half of its lane. Not Highway's PromoteTo(), which knows no
/// infinity where there is no instruction for it.
template <class Bits>
HWY_INLINE hwy::HWY_NAMESPACE::Vec<hwy::HWY_NAMESPACE::ScalableTag<float>> floats_of_half_bits(
    Bits half) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> bits;
  const auto magnitude = hn::ShiftLeft<13>(hn::And(half, hn::Set(bits, 0x7fff)));
  const auto sign = hn::ShiftLeft<16>(hn::AndNot(hn::Set(bits, 0x7fff), half));
  // Exponents are 112 lower than float32's, those of subnormal numbers too; only the highest
  // stands for infinity and for what is no number.
  const auto number = hn::BitCast(bits, hn::Mul(hn::BitCast(d, magnitude), hn::Set(d, 0x1p112F)));
  const auto none = hn::Or(magnitude, hn::Set(bits, 0x7f800000));
  const auto is_number = hn::Lt(magnitude, hn::Set(bits, 0x0f800000));
  return hn::BitCast(d, hn::Or(hn::IfThenElse(is_number, number, none), sign));
}

/// Float16 one after the other, aligned to a vector of them.
HWY_INLINE hwy::HWY_NAMESPACE::Vec<hwy::HWY_NAMESPACE::ScalableTag<float>> floats_of_halves(
    const std::byte* at) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::ScalableTag<float> d;
  if constexpr (HWY_TARGET <= HWY_AVX2 || HWY_TARGET == HWY_NEON) {  // they have an instruction
    const hn::Rebind<hwy::float16_t, decltype(d)> halves;
    return hn::PromoteTo(d, hn::Load(halves, reinterpret_cast<const hwy::float16_t*>(at)));
  } else {
    const hn::RebindToSigned<decltype(d)> bits;
    const hn::Rebind<std::uint16_t, decltype(d)> halves;
    const auto* values = reinterpret_cast<const std::uint16_t*>(at);
    return floats_of_half_bits(hn::PromoteTo(bits, hn::Load(halves, values)));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#endif
