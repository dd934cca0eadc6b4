#include "models/decoder/cpu_in_place.h"

#include <algorithm>

#include "harness/error.h"
#include "kernels/row_tasks.h"

namespace moe {
namespace {

void check_given_away(const Tensor& x) {
  constexpr std::size_t kTableAndCaller = 2;  // kept_tensors.h
  require(x.is_contiguous(), "a tensor to be changed in its place: expected a contiguous one");
  const std::size_t storages = x.unsafeGetTensorImpl()->unsafe_storage().use_count();
  require(x.use_count() <= kTableAndCaller && storages == 1,
          "a tensor to be changed in its place: expected one that nobody else holds, found {} "
          "holders and {} tensors on its memory",
          x.use_count(), storages);
}

}  // namespace

Tensor cpu_in_heads(Tensor x_TN, std::int64_t width) {
  check_given_away(x_TN);
  const std::int64_t T = x_TN.size(0), N = x_TN.size(1);
  require(N % width == 0, "heads of {} in rows of {}", width, N);
  x_TN.unsafeGetTensorImpl()->set_sizes_contiguous({T, N / width, width});  // a view is allocated
  return x_TN;
}

Tensor cpu_clipped(Tensor x, float limit, ThreadPool& pool) {
  check_given_away(x);
  auto* values = x.mutable_data_ptr<float>();
  run_rows(pool, x.numel(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) values[i] = std::clamp(values[i], -limit, limit);
  });
  return x;
}

}  // namespace moe
