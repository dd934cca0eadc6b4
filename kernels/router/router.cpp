#include "kernels/router/router.h"

namespace moe {

bool compares_scores(const RouterShape& shape) {
  const bool sums =
      shape.groups > shape.groups_kept && shape.group_score == RouterGroupScore::best_two;
  return shape.corrected || sums;
}

std::int64_t router_bytes(const RouterShape& shape) {
  constexpr std::int64_t kNumber = sizeof(float), kId = sizeof(std::int32_t);
  const std::int64_t of_expert = (shape.corrected ? kNumber : 0) + (shape.removes ? 1 : 0);
  const std::int64_t of_choice = kNumber + kId + (shape.forced ? kId : 0);
  return shape.E * of_expert + shape.T * (shape.E * kNumber + shape.K * of_choice);
}

}  // namespace moe
