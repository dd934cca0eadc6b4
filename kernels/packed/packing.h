// Matrices are packed by all threads, a few panels at a time each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "harness/thread_pool.h"
#include "kernels/packed/packed_matrix.h"
#include "kernels/packed/stored_rows.h"

namespace moe {

struct PackJob {
  PackedShape shape;
  StoredRows from;
  std::byte* packed = nullptr;  // shape.bytes() of them, aligned to 64
};

/// Weights that one task packs, about. Beside what is packed, packing takes as many stored elements
/// a thread, or those of a panel where they are more, and what a maker has besides.
inline constexpr std::int64_t kPackTaskWeights = std::int64_t{1} << 19;

/// The jobs one after the other, their panels in order; a maker is told of its rows a few tasks
/// before they are asked for.
void pack(std::span<const PackJob>, ThreadPool&);

/// N rows of K elements to `out` as they are, in tasks as large.
void copy_rows(const StoredRows&, std::int64_t N, std::int64_t K, PackedFormat, std::byte* out,
               ThreadPool&);

}  // namespace moe
