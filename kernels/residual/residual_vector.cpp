// CPU: sums in float32, for each set of vector instructions that this build has.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/residual/residual_vector.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
// It includes this file again for each target.
#include <hwy/highway.h>
#include "kernels/residual/residual.h"

HWY_BEFORE_NAMESPACE();
namespace moe {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

void add_elements(const ResidualArgs& args, std::int64_t begin, std::int64_t end) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  std::int64_t i = begin;
  for (; i + lanes <= end; i += lanes) {
    const auto sum = hn::Add(hn::LoadU(d, args.x_TD + i), hn::LoadU(d, args.added_TD + i));
    hn::StoreU(sum, d, args.y_TD + i);
  }
  for (; i < end; ++i) args.y_TD[i] = args.x_TD[i] + args.added_TD[i];
}

}  // namespace HWY_NAMESPACE
}  // namespace moe
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/row_tasks.h"

namespace moe {

HWY_EXPORT(add_elements);

namespace {

/// Elements are independent, so a task may be a part of a row.
void run(const ResidualShape& shape, const ResidualArgs& args, ThreadPool& pool) {
  run_rows(pool, args.T * shape.width, 1, [&](std::int64_t begin, std::int64_t end) {
    HWY_DYNAMIC_DISPATCH(add_elements)(args, begin, end);
  });
}

}  // namespace

extern const Residual residual_vector = {.name = "vector", .by_target = true, .run = run};

}  // namespace moe
#endif
