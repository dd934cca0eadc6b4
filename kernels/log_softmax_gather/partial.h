// What is kept of some consecutive logits of a row.
#pragma once

#include <cstdint>

namespace moe {

struct PartialSoftmax {
  float largest;      // of the logits
  float sum;          // of exp(logit - largest); NaN where one is no finite number
  std::int32_t best;  // index of the first that is as large as `largest`
};

/// Of n >= 1 logits. Lanes are summed in a fixed order.
PartialSoftmax partial_softmax(const float* logits, std::int64_t n);

}  // namespace moe
