// CPU: a row at a time, for each set of vector instructions that this build has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/embedding/embedding_vector.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <cstring>

#include <hwy/highway.h>
#include "kernels/embedding/embedding.h"
#include "kernels/packed/element.h"
#include "kernels/packed/half-inl.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Floats = hn::ScalableTag<float>;
using Bits = hn::RebindToSigned<Floats>;

/// Of 16 bits each, in the lower half of its lane.
struct FromF16 {
  static constexpr PackedFormat kFormat = PackedFormat::f16;
  static HWY_INLINE hn::Vec<Floats> floats(hn::Vec<Bits> half) { return floats_of_half_bits(half); }
};

struct FromBf16 {
  static constexpr PackedFormat kFormat = PackedFormat::bf16;
  static HWY_INLINE hn::Vec<Floats> floats(hn::Vec<Bits> upper) {
    return hn::BitCast(Floats(), hn::ShiftLeft<16>(upper));
  }
};

template <class From>
void widen(const std::byte* row, std::int64_t n, float* y) {
  const Floats d;
  const hn::Rebind<std::uint16_t, Floats> stored;
  const auto* values = reinterpret_cast<const std::uint16_t*>(row);
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    hn::StoreU(From::floats(hn::PromoteTo(Bits(), hn::LoadU(stored, values + i))), d, y + i);
  for (; i < n; ++i) y[i] = static_cast<float>(element_of(From::kFormat, row, i));
}

void widen_row(PackedFormat format, const std::byte* row, std::int64_t n, float* y) {
  switch (format) {
    case PackedFormat::f32:
      std::memcpy(y, row, static_cast<std::size_t>(n) * sizeof(float));
      return;
    case PackedFormat::f16:
      return widen<FromF16>(row, n, y);
    case PackedFormat::bf16:
      return widen<FromBf16>(row, n, y);
    case PackedFormat::int8:
    case PackedFormat::int4:
    case PackedFormat::mxfp4:
      for (std::int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(element_of(format, row, i));
      return;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/row_tasks.h"

namespace moe {

HWY_EXPORT(widen_row);

namespace {

void run(const EmbeddingShape& shape, const EmbeddingArgs& args, ThreadPool& pool) {
  const std::int64_t stored = row_bytes(shape.format, shape.D);
  run_rows(pool, args.T, shape.D, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t t = begin; t < end; ++t) {
      HWY_DYNAMIC_DISPATCH(widen_row)
      (shape.format, args.table_VD + args.id_T[t] * stored, shape.D, args.y_TD + t * shape.D);
    }
  });
}

}  // namespace

extern const Embedding embedding_vector = {.name = "vector", .by_target = true, .run = run};

}  // namespace moe
#endif
