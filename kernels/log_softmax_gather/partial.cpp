// Maxima and sums of exponentials, for each set of vector instructions that this build has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/log_softmax_gather/partial.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <limits>

#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
#include "kernels/log_softmax_gather/partial.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// Logits i, i + 1, ...; behind the last of n stands `beyond`.
HWY_INLINE Vector load(const float* logits, std::int64_t i, std::int64_t n, Vector beyond) {
  const Floats d;
  if (i + static_cast<std::int64_t>(hn::Lanes(d)) <= n) return hn::LoadU(d, logits + i);
  HWY_ALIGN float rest[hn::MaxLanes(d)];
  hn::Store(beyond, d, rest);
  for (std::int64_t j = i; j < n; ++j) rest[j - i] = logits[j];
  return hn::Load(d, rest);
}

PartialSoftmax partial(const float* logits, std::int64_t n) {
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const Vector first = hn::Set(d, logits[0]);
  Vector most = first;
  for (std::int64_t i = 0; i < n; i += lanes) most = hn::Max(most, load(logits, i, n, first));
  const Vector largest = hn::MaxOfLanes(d, most);
  // exp(-104) is 0 in float32; below, Exp() is not defined everywhere.
  const Vector least = hn::Set(d, -104.0F), nothing = hn::Zero(d);
  const Vector beyond = hn::Sub(largest, hn::Set(d, 200.0F));
  const Vector no_number = hn::Set(d, std::numeric_limits<float>::quiet_NaN());
  Vector sum = nothing;
  for (std::int64_t i = 0; i < n; i += lanes) {
    const Vector logit = load(logits, i, n, beyond), below = hn::Sub(logit, largest);
    const Vector power = hn::IfThenElse(hn::Lt(below, least), nothing, hn::Exp(d, below));
    sum = hn::Add(sum, hn::IfThenElse(hn::IsFinite(logit), power, no_number));
  }
  PartialSoftmax partial = {
      .largest = hn::GetLane(largest), .sum = hn::GetLane(hn::SumOfLanes(d, sum)), .best = 0};
  while (partial.best + 1 < n && !(logits[partial.best] == partial.largest)) ++partial.best;
  return partial;
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moe {

HWY_EXPORT(partial);

PartialSoftmax partial_softmax(const float* logits, std::int64_t n) {
  return HWY_DYNAMIC_DISPATCH(partial)(logits, n);
}

}  // namespace moe
#endif
