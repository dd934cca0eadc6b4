// The definition of the op: one element after the other. Slow on purpose.
#include "kernels/embedding/embedding.h"
#include "kernels/packed/element.h"

namespace moe {
namespace {

void run(const EmbeddingShape& shape, const EmbeddingArgs& args, ThreadPool&) {
  for (std::int64_t t = 0; t < args.T; ++t) {
    const std::byte* row = args.table_VD + args.id_T[t] * row_bytes(shape.format, shape.D);
    for (std::int64_t i = 0; i < shape.D; ++i)
      args.y_TD[t * shape.D + i] = static_cast<float>(element_of(shape.format, row, i));
  }
}

}  // namespace

extern const Embedding embedding_reference = {.name = "reference", .by_target = false, .run = run};

}  // namespace moe
