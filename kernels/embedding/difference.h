// Whether an implementation is the reference on this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/embedding/embedding.h"

namespace moe {

/// A table and ids by lot, and what an implementation makes of them.
struct EmbeddingCase {
  EmbeddingCase(const EmbeddingShape&, std::int64_t T, std::uint64_t seed);

  std::vector<float> run(const Embedding&, ThreadPool&) const;

  EmbeddingShape shape;
  std::vector<std::byte> table_VD;
  std::vector<std::int64_t> id_T;
};

/// 0 where every element is that of the reference, or else infinity.
double embedding_difference(const Embedding&);

}  // namespace moe
