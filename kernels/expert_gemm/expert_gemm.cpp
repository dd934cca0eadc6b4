#include "kernels/expert_gemm/expert_gemm.h"

namespace moe {

double expert_gemm_flops(const ExpertGemmShape& shape, std::int64_t T) {
  const double projections = shape.mlp.gated ? 3 : 2;
  return 2 * projections * static_cast<double>(T * shape.K) * static_cast<double>(shape.D) *
         static_cast<double>(shape.F);
}

std::int64_t expert_bytes(const ExpertGemmShape& shape) {
  const std::int64_t projections = shape.mlp.gated ? 3 : 2;
  const std::int64_t biases = shape.bias ? (projections - 1) * shape.F + shape.D : 0;
  return (projections - 1) * bytes_of(shape.format, shape.F, shape.D) +
         bytes_of(shape.format, shape.D, shape.F) + biases * std::int64_t{sizeof(float)};
}

}  // namespace moe
