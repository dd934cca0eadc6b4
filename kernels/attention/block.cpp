// Products with strided panels and soft-max over a block of keys, for each set of vector
// instructions that this build has; the best that the machine has is taken.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/attention/block.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <algorithm>
#include <cmath>

#include <hwy/cache_control.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
#include "kernels/attention/block.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// As many rows as accumulate in registers: two vectors each.
constexpr int kMostRows = HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON ? 12 : 6;

/// Of so many rows the panels are read from memory as fast as they are multiplied.
constexpr int kMostFetching = 8;

/// Some columns of some rows.
struct Part {
  const float* panel;
  const float* const* x;
  float* y;
  std::size_t columns;  // of the last vector, where that is not whole
};

template <bool kWhole>
HWY_INLINE Vector load(const float* at, std::size_t columns) {
  const Floats d;
  if constexpr (kWhole) return hn::LoadU(d, at);
#if HWY_MEM_OPS_MIGHT_FAULT
  HWY_ALIGN float some[hn::MaxLanes(d)] = {};
  std::copy_n(at, columns, some);
  return hn::Load(d, some);
#else
  return hn::MaskedLoad(hn::FirstN(d, columns), d, at);
#endif
}

template <bool kWhole>
HWY_INLINE void store(Vector values, float* at, std::size_t columns) {
  const Floats d;
  if constexpr (kWhole) {
    hn::StoreU(values, d, at);
  } else {
#if HWY_MEM_OPS_MIGHT_FAULT
    HWY_ALIGN float all[hn::MaxLanes(d)];
    hn::Store(values, d, all);
    std::copy_n(all, columns, at);
#else
    hn::BlendedStore(values, hn::FirstN(d, columns), d, at);
#endif
  }
}

/// y of kRows rows and kVectors vectors of columns. Nothing of it depends on either.
template <int kRows, int kVectors, bool kWhole>
HWY_INLINE void multiply_part(const StridedProduct& product, const Part& part) {
  constexpr bool kFetches = kRows <= kMostFetching;
  const Floats d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  const float* row[kRows];
  for (int r = 0; r < kRows; ++r) row[r] = part.x[r];
  Vector sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    const float* y = part.y + r * product.y_stride;
    for (int v = 0; v < kVectors; ++v)
      sum[r][v] = product.add ? load<kWhole>(y + v * lanes, part.columns) : hn::Zero(d);
  }
  const float* at = part.panel;
  for (std::int64_t k = 0; k < product.inputs; ++k, at += product.panel_stride) {
    Vector columns[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      columns[v] = load<kWhole>(at + v * lanes, part.columns);
      if constexpr (kFetches) hwy::Prefetch(product.next + (at - product.panel) + v * lanes);
    }
    for (int r = 0; r < kRows; ++r) {
      const Vector input = hn::Set(d, row[r][k]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = hn::MulAdd(input, columns[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    float* y = part.y + r * product.y_stride;
    for (int v = 0; v < kVectors; ++v) store<kWhole>(sum[r][v], y + v * lanes, part.columns);
  }
}

template <int kRows, int kVectors, bool kWhole>
HWY_NOINLINE void multiply_rows(const StridedProduct& product, const Part& part) {
  multiply_part<kRows, kVectors, kWhole>(product, part);
}

template <int kVectors, bool kWhole, int kRows = kMostRows>
HWY_INLINE void multiply_some(const StridedProduct& product, const Part& part, std::int64_t rows) {
  if (rows == kRows) {
    multiply_rows<kRows, kVectors, kWhole>(product, part);
  } else if constexpr (kRows > 1) {
    multiply_some<kVectors, kWhole, kRows - 1>(product, part, rows);
  }
}

/// All rows of some columns, in tiles that are as alike as can be.
template <int kVectors, bool kWhole, int kMost = kMostRows>
HWY_INLINE void multiply_columns(const StridedProduct& product, std::int64_t from,
                                 std::size_t columns) {
  const std::int64_t rows = std::ssize(product.x), tiles = (rows + kMost - 1) / kMost;
  for (std::int64_t tile = 0; tile < tiles; ++tile) {
    const std::int64_t begin = rows * tile / tiles, end = rows * (tile + 1) / tiles;
    multiply_some<kVectors, kWhole, kMost>(product,
                                           {product.panel + from, product.x.data() + begin,
                                            product.y + begin * product.y_stride + from, columns},
                                           end - begin);
  }
}

void multiply(const StridedProduct& product) {
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(Floats()));
  std::int64_t from = 0;
  if (product.x.size() == 1) {  // more columns at once: each chain of additions waits for itself
    constexpr int kVectors = 8;
    for (; from + kVectors * lanes <= product.columns; from += kVectors * lanes) {
      multiply_rows<1, kVectors, true>(
          product, {product.panel + from, product.x.data(), product.y + from, 0});
    }
  }
  if (std::ssize(product.x) <= kMostRows / 3) {
    for (; from + 4 * lanes <= product.columns; from += 4 * lanes)
      multiply_columns<4, true, kMostRows / 3>(product, from, 0);
  }
  for (; from + 2 * lanes <= product.columns; from += 2 * lanes)
    multiply_columns<2, true>(product, from, 0);
  if (from + lanes <= product.columns) {
    multiply_columns<1, true>(product, from, 0);
    from += lanes;
  }
  if (from < product.columns)
    multiply_columns<1, false>(product, from, static_cast<std::size_t>(product.columns - from));
}

HWY_INLINE Vector score(const ScoreKind& kind, Vector product) {
  const Floats d;
  const Vector scaled = hn::Mul(product, hn::Set(d, kind.scale));
  if (kind.softcap == 0) return scaled;
  const Vector cap = hn::Set(d, kind.softcap);
  const Vector capped = hn::Mul(cap, hn::Tanh(d, hn::Div(scaled, cap)));
  return hn::IfThenElse(hn::IsNaN(scaled), scaled, capped);
}

float soften(const ScoreKind& kind, std::int64_t first, std::int64_t last, float* products,
             RunningSoftmax& softmax) {
  const Floats d;
  constexpr float kNothing = -std::numeric_limits<float>::infinity();
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  Vector most = hn::Set(d, kNothing);
  std::fill(products, products + first, 0.0F);  // what stands there may be nothing at all
  std::fill(products + last, products + kBlockKeys, 0.0F);
  for (std::int64_t j = 0; j < kBlockKeys; j += lanes)
    hn::StoreU(score(kind, hn::LoadU(d, products + j)), d, products + j);
  std::fill(products, products + first, kNothing);
  std::fill(products + last, products + kBlockKeys, kNothing);
  for (std::int64_t j = 0; j < kBlockKeys; j += lanes)
    most = hn::Max(most, hn::LoadU(d, products + j));
  const float before = softmax.largest;
  softmax.largest = std::max(before, hn::GetLane(hn::MaxOfLanes(d, most)));
  // Where all are -infinity yet, any finite number in place of the largest makes their weights 0.
  const Vector largest = hn::Set(d, softmax.largest == kNothing ? 0.0F : softmax.largest);
  // exp(-104) is 0 in float32; below, Exp() is not defined everywhere.
  const Vector least = hn::Set(d, -104.0F), nothing = hn::Zero(d);
  Vector sum = nothing;
  for (std::int64_t j = 0; j < kBlockKeys; j += lanes) {
    const Vector below = hn::Sub(hn::LoadU(d, products + j), largest);
    const Vector power = hn::IfThenElse(
        hn::IsNaN(below), below, hn::IfThenElse(hn::Lt(below, least), nothing, hn::Exp(d, below)));
    hn::StoreU(power, d, products + j);
    sum = hn::Add(sum, power);
  }
  const float factor =
      softmax.largest == before || before == kNothing ? 1.0F : std::exp(before - softmax.largest);
  softmax.sum = softmax.sum * factor + hn::GetLane(hn::SumOfLanes(d, sum));
  return factor;
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace moe {

HWY_EXPORT(multiply);
HWY_EXPORT(soften);

void multiply_strided(const StridedProduct& product) {
  HWY_DYNAMIC_DISPATCH(multiply)(product);
}

float soften_block(const ScoreKind& kind, std::int64_t first, std::int64_t last, float* products,
                   RunningSoftmax& softmax) {
  return HWY_DYNAMIC_DISPATCH(soften)(kind, first, last, products, softmax);
}

}  // namespace moe
#endif
