#include "kernels/embedding/difference.h"

#include <cmath>
#include <limits>

#include "kernels/packed/random_elements.h"

namespace moe {

EmbeddingCase::EmbeddingCase(const EmbeddingShape& of, std::int64_t T, std::uint64_t seed)
    : shape(of) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  table_VD = random_rows(shape.format, shape.V, shape.D, random);
  for (std::int64_t t = 0; t < T; ++t)
    id_T.push_back(
        static_cast<std::int64_t>(random() % static_cast<std::mt19937::result_type>(shape.V)));
}

std::vector<float> EmbeddingCase::run(const Embedding& implementation, ThreadPool& pool) const {
  std::vector<float> y_TD(id_T.size() * static_cast<std::size_t>(shape.D), std::nanf(""));
  implementation.run(shape,
                     {.T = std::ssize(id_T),
                      .id_T = id_T.data(),
                      .table_VD = table_VD.data(),
                      .y_TD = y_TD.data()},
                     pool);
  return y_TD;
}

double embedding_difference(const Embedding& implementation) {
  ThreadPool pool(2);
  for (const PackedFormat format : kPackedFormats) {
    const EmbeddingCase some({.V = 90, .D = 203, .format = format}, 300, 7);
    if (some.run(implementation, pool) != some.run(*embeddings()[0], pool))
      return std::numeric_limits<double>::infinity();
  }
  return 0;
}

}  // namespace moe
