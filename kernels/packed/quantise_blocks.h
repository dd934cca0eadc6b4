// Whole blocks of a row, quantised with vectors: bit for bit what quantised.cpp says plainly.
#pragma once

#include <cstddef>
#include <cstdint>

namespace moe {

/// `blocks` times 32 numbers of `row`, of sizes that the format has scales for; writes the blocks.
void quantise_blocks_int8(const float* row, std::int64_t blocks, std::byte* out);
void quantise_blocks_int4(const float* row, std::int64_t blocks, std::byte* out);

}  // namespace moe
