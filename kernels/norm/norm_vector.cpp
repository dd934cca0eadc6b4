// CPU: rows in float64, for each set of vector instructions that this build has.
//
// Squares of float32 are exact in float64 and never overflow. The order of a sum is that of sixteen
// sums side by side whatever the instructions, and nothing is fused (CMakeLists.txt): all of them
// give the same bits.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/norm/norm_vector.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <cmath>
#include <cstddef>

#include <hwy/highway.h>
#include "kernels/norm/norm.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int64_t kSums = 16;
using Doubles = hn::CappedTag<double, kSums>;
using Floats = hn::Rebind<float, Doubles>;
using Vector = hn::Vec<Doubles>;

constexpr auto kLanes = static_cast<std::int64_t>(hn::MaxLanes(Doubles()));

HWY_INLINE Vector load(const float* x) {
  return hn::PromoteTo(Doubles(), hn::LoadU(Floats(), x));
}

/// Sum of x - centre, or of its square. Element i is in sum i % 16, and these are added in halves.
template <bool kSquared>
double sum_of(const float* x, std::int64_t n, double centre) {
  const Doubles d;
  const Vector from = hn::Set(d, centre);
  Vector sum[kSums / kLanes];
  for (Vector& some : sum) some = hn::Zero(d);
  std::int64_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (std::int64_t v = 0; v < kSums / kLanes; ++v) {
      const Vector apart = hn::Sub(load(x + i + v * kLanes), from);
      sum[v] = hn::Add(sum[v], kSquared ? hn::Mul(apart, apart) : apart);
    }
  }
  HWY_ALIGN double sums[kSums];
  for (std::int64_t v = 0; v < kSums / kLanes; ++v) hn::Store(sum[v], d, sums + v * kLanes);
  for (; i < n; ++i) {
    const double apart = x[i] - centre;
    sums[i % kSums] += kSquared ? apart * apart : apart;
  }
  for (std::int64_t half = kSums / 2; half > 0; half /= 2) {
    for (std::int64_t j = 0; j < half; ++j) sums[j] += sums[j + half];
  }
  return sums[0];
}

/// `weight` may be null, y may be x.
void scale_row(const float* x, const float* weight, std::int64_t n, double centre, double scale,
               float* y) {
  const Doubles d;
  const Vector from = hn::Set(d, centre), by = hn::Set(d, scale);
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    Vector scaled = hn::Mul(hn::Sub(load(x + i), from), by);
    if (weight != nullptr) scaled = hn::Mul(scaled, load(weight + i));
    hn::StoreU(hn::DemoteTo(Floats(), scaled), Floats(), y + i);
  }
  for (; i < n; ++i) {  // the same operations: the same bits
    const double scaled = (x[i] - centre) * scale;
    y[i] = static_cast<float>(weight == nullptr ? scaled : scaled * weight[i]);
  }
}

void norm_rows(const NormShape& shape, const NormArgs& args, std::int64_t begin, std::int64_t end) {
  const std::int64_t n = shape.width;
  const auto width = static_cast<double>(n);
  const float* weight = shape.weight ? args.weight_W : nullptr;
  for (std::int64_t t = begin; t < end; ++t) {
    const float* x = args.x_TW + t * n;
    const double centre = shape.kind == NormKernelKind::layer ? sum_of<false>(x, n, 0) / width : 0;
    const double scale = 1 / std::sqrt(sum_of<true>(x, n, centre) / width + shape.eps);
    scale_row(x, weight, n, centre, scale, args.y_TW + t * n);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/row_tasks.h"

namespace moe {

HWY_EXPORT(norm_rows);

namespace {

void run(const NormShape& shape, const NormArgs& args, ThreadPool& pool) {
  run_rows(pool, args.T, shape.width, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(norm_rows)(shape, args, begin, end);
  });
}

}  // namespace

extern const Norm norm_vector = {.name = "vector", .by_target = true, .run = run};

}  // namespace moe
#endif
