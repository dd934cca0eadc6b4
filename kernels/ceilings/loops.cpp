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

/// Chains of additions: more than latency times throughput on any machine, and within registers.
constexpr int kChains = 12;

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

double add_f32(std::int64_t rounds, float* sink) {
  const Floats d;
  // Factors that the compiler knows nothing of; the sums stay bounded.
  const Vector x = hn::Set(d, *sink), y = hn::Set(d, -*sink);
  Vector sum[kChains];
  for (int i = 0; i < kChains; ++i) sum[i] = hn::Set(d, static_cast<float>(i));
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kChains; ++i) sum[i] = hn::MulAdd(sum[i], x, y);
  }
  keep(sum, sink);
  return 2.0 * static_cast<double>(rounds) * kChains * static_cast<double>(hn::Lanes(d));
}

double add_bf16(std::int64_t rounds, float* sink) {
#if HWY_TARGET == HWY_SCALAR
  return add_f32(rounds, sink);  // it has no pairs
#else
  const Floats d;
  const hn::Repartition<hwy::bfloat16_t, Floats> pairs;
  const hn::RebindToUnsigned<Floats> bits;
  constexpr int kEach = kChains / 2;  // of them two sums each
  const auto factor =
      hn::Set(bits, 0x3f803f80U ^ (static_cast<std::uint32_t>(rounds) & 1));  // 1, or near it
  Vector sum[kChains];
  for (int i = 0; i < kChains; ++i) sum[i] = hn::Set(d, *sink);
  auto x = factor;
  for (std::int64_t round = 0; round < rounds; ++round) {
    for (int i = 0; i < kEach; ++i) {
      sum[i] = hn::ReorderWidenMulAccumulate(d, hn::BitCast(pairs, x), hn::BitCast(pairs, factor),
                                             sum[i], sum[kEach + i]);
    }
    x = hn::Xor(x, hn::Set(bits, 0x00010001U));  // else what is converted is converted once
  }
  keep(sum, sink);
  return 4.0 * static_cast<double>(rounds) * kEach * static_cast<double>(hn::Lanes(d));
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

std::uint64_t read_all(std::span<const std::byte> bytes) {
  return HWY_DYNAMIC_DISPATCH(read)(bytes);
}

double multiply_add_f32(std::int64_t rounds, float* sink) {
  return HWY_DYNAMIC_DISPATCH(add_f32)(rounds, sink);
}

double multiply_add_bf16(std::int64_t rounds, float* sink) {
  return HWY_DYNAMIC_DISPATCH(add_bf16)(rounds, sink);
}

}  // namespace moe
#endif
