#include "kernels/rope/angles.h"

#include <algorithm>
#include <cmath>

#include "kernels/row_tasks.h"

namespace moe {
namespace {

/// A pair counts as so many elements of other rows: 64 rows of 64 pairs are one task, of about
/// 50 us, so that a step of a few tokens wakes no other thread.
constexpr std::int64_t kCost = 4;

}  // namespace

void rope_angles(std::span<const float> frequency_h, double factor,
                 std::span<const std::int64_t> position_T, float* cos_Th, float* sin_Th,
                 ThreadPool& pool) {
  const std::int64_t h = std::ssize(frequency_h);
  const auto scale = static_cast<float>(factor);
  run_rows(pool, std::ssize(position_T), std::max<std::int64_t>(1, h * kCost),
           [&](std::int64_t begin, std::int64_t end) {
             for (std::int64_t t = begin; t < end; ++t) {
               const auto position = static_cast<float>(position_T[static_cast<std::size_t>(t)]);
               for (std::int64_t i = 0; i < h; ++i) {
                 const double angle = position * frequency_h[static_cast<std::size_t>(i)];
                 cos_Th[t * h + i] = static_cast<float>(std::cos(angle)) * scale;
                 sin_Th[t * h + i] = static_cast<float>(std::sin(angle)) * scale;
               }
             }
           });
}

}  // namespace moe
