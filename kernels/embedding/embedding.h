// Rows of a table, as float32.
//
//   T rows   V rows of the table   D width
//
// This comment is the contract. Every implementation is tested against embedding_reference.cpp,
// which says the same in the plainest code we could write.
//
//   y_TD = table_VD[id_T], each element as the number that is stored: float32 holds those of all
//   formats exactly. What is no number stays none, with bits of any kind. The table is read where
//   it lies, at any address. Ids are from 0 to V - 1: the caller has checked them. T may be 0; V
//   and D are 1 or more, and multiples of nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "harness/thread_pool.h"
#include "kernels/packed/packed_matrix.h"

namespace moe {

struct EmbeddingShape {
  std::int64_t V = 0, D = 0;
  PackedFormat format = PackedFormat::f32;
};

struct EmbeddingArgs {
  std::int64_t T = 0;
  const std::int64_t* id_T = nullptr;
  const std::byte* table_VD = nullptr;  // row-major, in the shape's format
  float* y_TD = nullptr;                // out
};

struct Embedding {
  std::string_view name;
  bool by_target;  // is it compiled for several sets of vector instructions (packed/target.h)?
  void (*run)(const EmbeddingShape&, const EmbeddingArgs&, ThreadPool&);
};

/// All implementations in this build, the reference first.
std::span<const Embedding* const> embeddings();

}  // namespace moe
