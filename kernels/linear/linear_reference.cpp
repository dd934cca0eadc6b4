// The definition of the op: one product after the other in float64. Slow on purpose.
#include <cstring>

#include "kernels/linear/linear.h"
#include "kernels/packed/element.h"

namespace moe {
namespace {

std::int64_t weight_bytes(const LinearShape& shape) {
  return bytes_of(shape.format, shape.N, shape.K);
}

/// As they are, the bias behind the matrix.
std::int64_t packed_bytes(const LinearShape& shape) {
  return weight_bytes(shape) + (shape.bias ? shape.N * std::int64_t{sizeof(float)} : 0);
}

void pack(const LinearShape& shape, const LinearWeights& weights, std::byte* packed, ThreadPool&) {
  copy_some_rows(weights.weight_NK, 0, shape.N, row_bytes(shape.format, shape.K), packed);
  if (shape.bias)
    std::memcpy(packed + weight_bytes(shape), weights.bias_N,
                static_cast<std::size_t>(shape.N) * sizeof(float));
}

void run(const LinearShape& shape, const std::byte* packed, const LinearArgs& args, ThreadPool&) {
  for (std::int64_t t = 0; t < args.T; ++t) {
    for (std::int64_t n = 0; n < shape.N; ++n) {
      double y = shape.bias ? element_of(PackedFormat::f32, packed + weight_bytes(shape), n) : 0;
      const std::byte* row = packed + n * row_bytes(shape.format, shape.K);
      for (std::int64_t k = 0; k < shape.K; ++k)
        y += double{args.x_TK[t * shape.K + k]} * element_of(shape.format, row, k);
      args.y_TN[t * shape.N + n] = static_cast<float>(y);
    }
  }
}

}  // namespace

extern const Linear linear_reference = {
    .name = "reference",
    .by_target = false,
    .supports = [](const LinearShape&) { return true; },
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};

}  // namespace moe
