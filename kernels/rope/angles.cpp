#include "kernels/rope/angles.h"

#include <cmath>

namespace moe {
namespace {

/// 1 / theta^(2 i / dims). The power in float64 first, which is float32's to the last bit or two on
/// every machine.
float frequency(double theta, std::int64_t dims, std::int64_t i) {
  const float exponent = static_cast<float>(2 * i) / static_cast<float>(dims);
  return 1 / static_cast<float>(std::pow(static_cast<float>(theta), double{exponent}));
}

}  // namespace

void rope_angles(double theta, std::int64_t dims, std::span<const std::int64_t> position_T,
                 float* cos_Th, float* sin_Th) {
  const std::int64_t h = dims / 2;
  for (std::int64_t i = 0; i < h; ++i) {
    const float each = frequency(theta, dims, i);
    std::int64_t at = i;
    for (const std::int64_t position : position_T) {
      const double angle = static_cast<float>(position) * each;
      cos_Th[at] = static_cast<float>(std::cos(angle));
      sin_Th[at] = static_cast<float>(std::sin(angle));
      at += h;
    }
  }
}

}  // namespace moe
