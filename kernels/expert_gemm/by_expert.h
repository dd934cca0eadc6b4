// The rows of a step in the order of their experts.
#pragma once

#include <cstdint>
#include <span>

namespace moe {

/// An expert that has rows, and how they are cut: in blocks that are as alike as can be.
struct ActiveExpert {
  std::int64_t expert, first, rows;  // its pairs are [first, first + rows) of the order
  std::int64_t blocks, first_block;  // first_block: of all experts together
};

/// Pair n = t * K + k is row t's choice k.
struct ByExpert {
  std::span<std::int64_t> pair_N;   // the pairs by expert, of one expert in their own order
  std::span<std::int64_t> place_N;  // where a pair stands in pair_N
  std::span<ActiveExpert> experts;  // those with rows, ascending
  std::int64_t blocks = 0;
};

/// Bytes that sort_by_expert() works in, aligned to 8.
std::int64_t by_expert_bytes(std::int64_t experts, std::int64_t pairs);

/// A counting sort, linear in pairs and experts.
ByExpert sort_by_expert(std::span<const std::int32_t> expert_N, std::int64_t experts,
                        std::byte* workspace);

/// The expert of a block.
const ActiveExpert& expert_of_block(const ByExpert&, std::int64_t block);

}  // namespace moe
