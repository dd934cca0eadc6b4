#include "kernels/packed/block_sums.h"

#include <cstring>

#include "kernels/packed/quantised.h"

namespace moe {
namespace {

/// A vector of every processor that this is built for.
using Four = float __attribute__((vector_size(16)));

Four four_at(const float* x) {
  Four four;
  std::memcpy(&four, x, sizeof(four));
  return four;
}

float sum_of(Four four) {
  return (four[0] + four[2]) + (four[1] + four[3]);
}

}  // namespace

void sum_blocks(const float* x, std::int64_t n, float* sums) {
  for (; n >= kQuantisedBlock; n -= kQuantisedBlock, x += kQuantisedBlock, ++sums) {
    Four sum = four_at(x);
    for (std::int64_t k = 4; k < kQuantisedBlock; k += 4) sum += four_at(x + k);
    *sums = sum_of(sum);
  }
  if (n == 0) return;
  Four sum = {};
  for (std::int64_t k = 0; k < n; ++k) sum[k % 4] += x[k];
  *sums = sum_of(sum);
}

}  // namespace moe
