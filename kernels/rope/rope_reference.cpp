// The definition of the op: one pair after the other in float64. Slow on purpose.
#include "kernels/rope/rope.h"

namespace moe {
namespace {

void run(const RopeShape& shape, const RopeArgs& args, ThreadPool&) {
  const std::int64_t h = shape.dims / 2;
  for (std::int64_t group = 0; group < args.T * shape.heads; ++group) {
    const float* x = args.x_THd + group * shape.width;
    float* y = args.y_THd + group * shape.width;
    for (std::int64_t i = 0; i < h; ++i) {
      const double first = x[i], second = x[i + h];
      const double cos = args.cos_Th[group / shape.heads * h + i];
      const double sin = args.sin_Th[group / shape.heads * h + i];
      y[i] = static_cast<float>(first * cos - second * sin);
      y[i + h] = static_cast<float>(second * cos + first * sin);
    }
    for (std::int64_t i = shape.dims; i < shape.width; ++i) y[i] = x[i];
  }
}

}  // namespace

extern const Rope rope_reference = {.name = "reference", .by_target = false, .run = run};

}  // namespace moe
