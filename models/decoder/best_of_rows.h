// The best of each row, of equals the one with the lower id.
#pragma once

#include "models/decoder/torch.h"

namespace moe {

/// Ids [T, count] of the `count` largest of each row of score_TN, the best first: the head of a
/// stable descending sort, in which NaN is above all numbers.
Tensor best_of_rows(const Tensor& score_TN, std::int64_t count);

}  // namespace moe
