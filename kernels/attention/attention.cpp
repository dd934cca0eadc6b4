#include "kernels/attention/attention.h"

#include <algorithm>

namespace moe {

SeenKeys seen_keys(const AttentionShape& shape, std::int64_t position, std::int64_t end) {
  std::int64_t first = 0;
  if (shape.window > 0) first = std::max(first, position - shape.window + 1);
  if (shape.chunk > 0) first = std::max(first, position / shape.chunk * shape.chunk);
  return {.first = first, .last = shape.causal ? position + 1 : end};
}

double attention_flops(const AttentionShape& shape, std::span<const AttendedRows> sequences) {
  std::int64_t keys = 0;
  for (const AttendedRows& sequence : sequences) {
    const std::int64_t end = sequence.position + sequence.rows;
    for (std::int64_t position = sequence.position; position < end; ++position) {
      const SeenKeys seen = seen_keys(shape, position, end);
      keys += seen.last - seen.first;
    }
  }
  return 2.0 * static_cast<double>(keys * shape.H * (shape.d + shape.e));
}

}  // namespace moe
