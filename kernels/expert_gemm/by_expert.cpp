#include "kernels/expert_gemm/by_expert.h"

#include <algorithm>

#include "kernels/packed/tiling.h"

namespace moe {

std::int64_t by_expert_bytes(std::int64_t experts, std::int64_t pairs) {
  return 2 * pairs * std::int64_t{sizeof(std::int64_t)} +
         (experts + 1) * std::int64_t{sizeof(std::int64_t)} +
         experts * std::int64_t{sizeof(ActiveExpert)};
}

ByExpert sort_by_expert(std::span<const std::int32_t> expert_N, std::int64_t experts,
                        std::byte* workspace) {
  const std::size_t pairs = expert_N.size(), count = static_cast<std::size_t>(experts);
  auto* numbers = reinterpret_cast<std::int64_t*>(workspace);
  const std::span next_E(numbers + 2 * pairs, count + 1);
  auto* active = reinterpret_cast<ActiveExpert*>(next_E.data() + next_E.size());
  ByExpert sorted{.pair_N = {numbers, pairs}, .place_N = {numbers + pairs, pairs}, .experts = {}};

  std::ranges::fill(next_E, 0);
  for (const std::int32_t expert : expert_N) ++next_E[static_cast<std::size_t>(expert) + 1];
  std::size_t with_rows = 0;
  for (std::size_t e = 0; e < count; ++e) {
    const std::int64_t rows = next_E[e + 1];
    next_E[e + 1] += next_E[e];
    if (rows == 0) continue;
    const std::int64_t blocks = row_blocks(rows);
    active[with_rows++] = {.expert = static_cast<std::int64_t>(e),
                           .first = next_E[e],
                           .rows = rows,
                           .blocks = blocks,
                           .first_block = sorted.blocks};
    sorted.blocks += blocks;
  }
  sorted.experts = {active, with_rows};
  for (std::size_t n = 0; n < pairs; ++n) {
    const std::int64_t place = next_E[static_cast<std::size_t>(expert_N[n])]++;
    sorted.pair_N[static_cast<std::size_t>(place)] = static_cast<std::int64_t>(n);
    sorted.place_N[n] = place;
  }
  return sorted;
}

const ActiveExpert& expert_of_block(const ByExpert& sorted, std::int64_t block) {
  return *(std::ranges::upper_bound(sorted.experts, block, {}, &ActiveExpert::first_block) - 1);
}

}  // namespace moe
