#include "kernels/norm/difference.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "kernels/packed/difference.h"
#include "kernels/packed/random_elements.h"

namespace moe {
namespace {

constexpr NormShape kShapes[] = {{200, NormKernelKind::rms, 1e-6, true},
                                 {77, NormKernelKind::rms, 1e-5, false},
                                 {131, NormKernelKind::layer, 1e-5, true}};

/// The contract's bound on each y of a row, without the rounding of y itself, for what was computed
/// in float64 twice: here and there.
void append_bounds(const NormCase& some, std::span<const float> x, std::vector<double>& bounds) {
  const auto width = static_cast<double>(x.size());
  double mean = 0, size = 0, square = 0;
  if (some.shape.kind == NormKernelKind::layer) {
    for (const float value : x) {
      mean += value / width;
      size += std::abs(value) / width;
    }
  }
  for (const float value : x) square += (value - mean) * (value - mean);
  const double scale = 1 / std::sqrt(square / width + some.shape.eps);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double factor = scale * (some.shape.weight ? std::abs(some.weight_W[i]) : 1);
    const double apart = std::abs(x[i] - mean);
    bounds.push_back(0x1p-24 * apart * factor + 0x1p-149 +
                     2 * (2 * width + 16) * 0x1p-53 * (apart + size) * factor);
  }
}

}  // namespace

NormCase::NormCase(const NormShape& of, std::int64_t T, std::uint64_t seed) : shape(of) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  if (shape.weight) weight_W = random_floats(shape.width, random);
  x_TW = random_floats(T * shape.width, random);
  for (std::int64_t t = 0; t < T; ++t) {
    const auto size = std::ldexp(1.0F, static_cast<int>(random() % 40) - 20);
    const auto distance = static_cast<float>(random() % 32);
    for (std::int64_t i = 0; i < shape.width; ++i) {
      float& x = x_TW[static_cast<std::size_t>(t * shape.width + i)];
      x = size * (x + distance);
    }
  }
}

std::vector<float> NormCase::run(const Norm& implementation, ThreadPool& pool) const {
  std::vector<float> y_TW(x_TW.size(), std::nanf(""));
  implementation.run(shape,
                     {.T = std::ssize(x_TW) / shape.width,
                      .x_TW = x_TW.data(),
                      .weight_W = shape.weight ? weight_W.data() : nullptr,
                      .y_TW = y_TW.data()},
                     pool);
  return y_TW;
}

std::vector<double> NormCase::bounds() const {
  std::vector<double> bounds;
  const auto width = static_cast<std::size_t>(shape.width);
  for (std::size_t at = 0; at < x_TW.size(); at += width)
    append_bounds(*this, std::span(x_TW).subspan(at, width), bounds);
  return bounds;
}

double norm_difference(const Norm& implementation) {
  ThreadPool pool(2);
  double worst = 0;
  for (const NormShape& shape : kShapes) {
    const NormCase some(shape, 300, 7);
    worst = std::max(worst, difference_of(some.run(implementation, pool),
                                          some.run(*norms()[0], pool), some.bounds()));
  }
  return worst;
}

}  // namespace moe
