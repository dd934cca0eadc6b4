#include "kernels/packed/difference.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

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

}  // namespace moe
