// For each set of vector instructions that this build has; the best that the machine has is taken.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ceilings/loops.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <hwy/cache_control.h>
#include <hwy/highway.h>
#include "kernels/ceilings/loops.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// Chains of multiply-adds, in registers, with a few left for factors: 24 of 32, 12 of 16. As many
/// have to be under way as the latency times the units that take one a cycle: 4 x 4 at most today
/// of those machines that have 32 registers, 5 x 2 of the others.
constexpr int kChains = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 24 : 12;
constexpr int kHalf = kChains / 2;  // two in each turn of a loop: compilers unroll up to 16 turns

std::uint64_t read(std::span<const std::byte> bytes) {
  const hn::ScalableTag<std::uint64_t> d;
  const std::size_t vector = hn::Lanes(d) * sizeof(std::uint64_t);
  const std::size_t whole = bytes.size() / (4 * vector) * (4 * vector);
  auto a = hn::Zero(d), b = a, c = a, e = a;
  for (std::size_t i = 0; i < whole; i += 4 * vector) {
    const std::byte* at = bytes.data() + i;
    for (std::size_t line = 0; line < 4 * vector; line += 64) hwy::Prefetch(at + 2048 + line);
    const auto load = [&](std::size_t n) {
      return hn::LoadU(d, reinterpret_cast<const std::uint64_t*>(at + n * vector));
    };
    a = hn::Xor(a, load(0));
    b = hn::Xor(b, load(1));
    c = hn::Xor(c, load(2));
    e = hn::Xor(e, load(3));
  }
  std::uint64_t rest = 0;
  for (const std::byte byte : bytes.subspan(whole)) rest ^= static_cast<std::uint64_t>(byte);
  HWY_ALIGN std::uint64_t each[hn::MaxLanes(d)];
  hn::Store(hn::Xor(hn::Xor(a, b), hn::Xor(c, e)), d, each);
  for (std::size_t lane = 0; lane < hn::Lanes(d); ++lane) rest ^= each[lane];
  return rest;
}

void keep(const Vector* sums, float* sink) {
  const Floats d;
  Vector all = sums[0];
  for (int i = 1; i < kChains; ++i) all = hn::Add(all, sums[i]);
  *sink = hn::GetLane(hn::SumOfLanes(d, all));
}

/// sum + x y, by one instruction where there is one: chained through the addend, for which some
/// machines wait less than for a factor. Elsewhere sum x + y, since x y alone would be multiplied
/// once and for all.
HWY_INLINE Vector next(Vector sum, Vector x, Vector y) {
  return HWY_NATIVE_FMA ? hn::MulAdd(x, y, sum) : hn::MulAdd(sum, x, y);
}

double add_f32(std::int64_t rounds, float* sink) {
  const Floats d;
  // Factors that the compiler knows nothing of; a sum stays where adding changes it no more.
  const Vector x = hn::Set(d, *sink), y = hn::Set(d, -*sink);
  Vector sum[kChains];
  for (int i = 0; i < kChains; ++i) sum[i] = hn::Set(d, static_cast<float>(i));
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kHalf; ++i) {
      sum[i] = next(sum[i], x, y);
      sum[kHalf + i] = next(sum[kHalf + i], x, y);
    }
  }
  keep(sum, sink);
  return 2.0 * static_cast<double>(rounds) * kChains * static_cast<double>(hn::Lanes(d));
}

/// Of pairs, whose products go to one sum each, or both to one.
double add_bf16(std::int64_t rounds, float* sink) {
#if !HWY_NATIVE_FMA
  // The product that all chains of a round add would be multiplied once for all of them.
  return add_f32(rounds, sink);
#else
  const Floats d;
  const hn::Repartition<hwy::bfloat16_t, Floats> pairs;
  const hn::RebindToUnsigned<Floats> bits;
  const auto factor =
      hn::Set(bits, 0x3f803f80U ^ (static_cast<std::uint32_t>(rounds) & 1));  // 1, or near it
  Vector sum[kChains];
  for (int i = 0; i < kChains; ++i) sum[i] = hn::Set(d, *sink);
  auto x = factor;
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kHalf; ++i) {
      sum[i] = hn::ReorderWidenMulAccumulate(d, hn::BitCast(pairs, x), hn::BitCast(pairs, factor),
                                             sum[i], sum[kHalf + i]);
    }
    x = hn::Xor(x, hn::Set(bits, 0x00010001U));  // else what is converted is converted once
  }
  keep(sum, sink);
  return 4.0 * static_cast<double>(rounds) * kHalf * static_cast<double>(hn::Lanes(d));
#endif
}

/// Machines that multiply bfloat16 take the smallest numbers for 0; converted to float32, which has
/// them too, 2^-133 times 2^127 is 2^-6.
bool is_native_bf16() {
#if !HWY_NATIVE_FMA
  return false;
#else
  const Floats d;
  const hn::Repartition<hwy::bfloat16_t, Floats> pairs;
  const hn::RebindToUnsigned<Floats> bits;
  Vector other = hn::Zero(d);
  const Vector sum = hn::ReorderWidenMulAccumulate(
      d, hn::BitCast(pairs, hn::Set(bits, 0x00010001U)),
      hn::BitCast(pairs, hn::Set(bits, 0x7f007f00U)), hn::Zero(d), other);
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(sum, other))) == 0;
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moe {

HWY_EXPORT(read);
HWY_EXPORT(add_f32);
HWY_EXPORT(add_bf16);
HWY_EXPORT(is_native_bf16);

std::uint64_t read_all(std::span<const std::byte> bytes) {
  return HWY_DYNAMIC_DISPATCH(read)(bytes);
}

double multiply_add_f32(std::int64_t rounds, float* sink) {
  return HWY_DYNAMIC_DISPATCH(add_f32)(rounds, sink);
}

double multiply_add_bf16(std::int64_t rounds, float* sink) {
  return HWY_DYNAMIC_DISPATCH(add_bf16)(rounds, sink);
}

bool multiplies_bf16() {
  return HWY_DYNAMIC_DISPATCH(is_native_bf16)();
}

}  // namespace moe
#endif
