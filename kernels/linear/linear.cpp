#include "kernels/linear/linear.h"

namespace moe {

double linear_flops(const LinearShape& shape, std::int64_t T) {
  return 2.0 * static_cast<double>(T) * static_cast<double>(shape.N) * static_cast<double>(shape.K);
}

std::int64_t linear_bytes(const LinearShape& shape, std::int64_t T) {
  return bytes_of(shape.format, shape.N, shape.K) +
         (T * (shape.K + shape.N) + (shape.bias ? shape.N : 0)) * std::int64_t{sizeof(float)};
}

}  // namespace moe
