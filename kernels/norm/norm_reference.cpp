// The definition of the op: one element after the other in float64. Slow on purpose.
#include <cmath>

#include "kernels/norm/norm.h"

namespace moe {
namespace {

void run(const NormShape& shape, const NormArgs& args, ThreadPool&) {
  const auto width = static_cast<double>(shape.width);
  for (std::int64_t t = 0; t < args.T; ++t) {
    const float* x = args.x_TW + t * shape.width;
    double centre = 0, square = 0;
    if (shape.kind == NormKernelKind::layer) {
      for (std::int64_t i = 0; i < shape.width; ++i) centre += x[i];
      centre /= width;
    }
    for (std::int64_t i = 0; i < shape.width; ++i) square += (x[i] - centre) * (x[i] - centre);
    const double divisor = std::sqrt(square / width + shape.eps);
    for (std::int64_t i = 0; i < shape.width; ++i) {
      const double weight = shape.weight ? args.weight_W[i] : 1;
      args.y_TW[t * shape.width + i] = static_cast<float>((x[i] - centre) / divisor * weight);
    }
  }
}

}  // namespace

extern const Norm norm_reference = {.name = "reference", .by_target = false, .run = run};

}  // namespace moe
