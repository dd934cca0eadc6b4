// CPU: heads in float32, for each set of vector instructions that this build has. Nothing is fused
// (CMakeLists.txt): all of them give the same bits, those of PyTorch's separate operations.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/rope/rope_vector.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <algorithm>

#include <hwy/highway.h>
#include "kernels/rope/rope.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// y may be x.
HWY_INLINE void turn(const float* x, const float* cos, const float* sin, std::int64_t h, float* y) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = 0;
  for (; i + lanes <= h; i += lanes) {
    const auto first = hn::LoadU(d, x + i), second = hn::LoadU(d, x + h + i);
    const auto c = hn::LoadU(d, cos + i), s = hn::LoadU(d, sin + i);
    hn::StoreU(hn::Sub(hn::Mul(first, c), hn::Mul(second, s)), d, y + i);
    hn::StoreU(hn::Add(hn::Mul(second, c), hn::Mul(first, s)), d, y + h + i);
  }
  for (; i < h; ++i) {  // the same operations: the same bits
    const float first = x[i], second = x[i + h];
    y[i] = first * cos[i] - second * sin[i];
    y[i + h] = second * cos[i] + first * sin[i];
  }
}

void turn_rows(const RopeShape& shape, const RopeArgs& args, std::int64_t begin, std::int64_t end) {
  const std::int64_t h = shape.dims / 2;
  for (std::int64_t t = begin; t < end; ++t) {
    for (std::int64_t head = 0; head < shape.heads; ++head) {
      const float* x = args.x_THd + (t * shape.heads + head) * shape.width;
      float* y = args.y_THd + (t * shape.heads + head) * shape.width;
      turn(x, args.cos_Th + t * h, args.sin_Th + t * h, h, y);
      if (y != x) std::copy(x + shape.dims, x + shape.width, y + shape.dims);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/row_tasks.h"

namespace moe {

HWY_EXPORT(turn_rows);

namespace {

void run(const RopeShape& shape, const RopeArgs& args, ThreadPool& pool) {
  run_rows(pool, args.T, shape.heads * shape.width, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(turn_rows)(shape, args, begin, end);
  });
}

}  // namespace

extern const Rope rope_vector = {.name = "vector", .by_target = true, .run = run};

}  // namespace moe
#endif
