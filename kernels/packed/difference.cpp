#include "kernels/packed/difference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "kernels/packed/element.h"

namespace moe {

double difference_of(const std::vector<float>& y, const std::vector<float>& expected,
                     const std::vector<double>& bounds) {
  if (y.size() != expected.size() || y.size() != bounds.size())
    return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double apart = std::abs(double{y[i]} - expected[i]);
    const double bound = bounds[i] + 0x1p-24 * std::abs(expected[i]);
    if (!(apart <= bound * 1e6)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, apart / bound);
  }
  return worst;
}

ProductBound product_bound(PackedFormat format, const std::byte* row, std::span<const float> x) {
  double size = 0;
  for (std::size_t k = 0; k < x.size(); ++k)
    size += std::abs(x[k]) * size_of_element(format, row, static_cast<std::int64_t>(k));
  const auto K = static_cast<double>(x.size());
  return {.size = size, .error = (K + 4) * 0x1p-24 * (1 + K * 0x1p-23) * size};
}

}  // namespace moe
