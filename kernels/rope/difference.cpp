#include "kernels/rope/difference.h"

#include <algorithm>
#include <cmath>

#include "kernels/packed/difference.h"
#include "kernels/packed/random_elements.h"
#include "kernels/rope/angles.h"
#include "kernels/rope/frequencies.h"

namespace moe {
namespace {

constexpr RopeShape kShapes[] = {{16, 128, 128}, {3, 33, 22}, {1, 7, 6}};

}  // namespace

RopeCase::RopeCase(const RopeShape& of, std::int64_t T, std::uint64_t seed) : shape(of) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  x_THd = random_floats(T * shape.heads * shape.width, random);
  std::vector<std::int64_t> position_T;
  for (std::int64_t t = 0; t < T; ++t)
    position_T.push_back(static_cast<std::int64_t>(random() % 4096));
  cos_Th.resize(static_cast<std::size_t>(T * shape.dims / 2));
  sin_Th.resize(cos_Th.size());
  const RopeSpec spec{.theta = 10000, .dims = shape.dims};
  ThreadPool pool(1);
  rope_angles(rope_frequencies(spec, rope_powers(spec)), 1, position_T, cos_Th.data(),
              sin_Th.data(), pool);
}

std::vector<float> RopeCase::run(const Rope& implementation, ThreadPool& pool) const {
  std::vector<float> y_THd(x_THd.size(), std::nanf(""));
  implementation.run(shape,
                     {.T = std::ssize(x_THd) / (shape.heads * shape.width),
                      .x_THd = x_THd.data(),
                      .cos_Th = cos_Th.data(),
                      .sin_Th = sin_Th.data(),
                      .y_THd = y_THd.data()},
                     pool);
  return y_THd;
}

std::vector<double> RopeCase::bounds() const {
  std::vector<double> bounds;
  const std::int64_t h = shape.dims / 2;
  for (std::int64_t at = 0; at < std::ssize(x_THd); ++at) {
    const std::int64_t i = at % shape.width;
    if (i >= shape.dims) {
      bounds.push_back(0);
      continue;
    }
    const std::int64_t t = at / (shape.heads * shape.width);
    const auto angle = static_cast<std::size_t>(t * h + i % h);
    const double own = x_THd[static_cast<std::size_t>(at)];
    const double other = x_THd[static_cast<std::size_t>(i < h ? at + h : at - h)];
    bounds.push_back(0x1p-23 * (std::abs(own * cos_Th[angle]) + std::abs(other * sin_Th[angle])) +
                     0x1p-149);
  }
  return bounds;
}

double rope_difference(const Rope& implementation) {
  ThreadPool pool(2);
  double worst = 0;
  for (const RopeShape& shape : kShapes) {
    const RopeCase some(shape, 50, 7);
    worst = std::max(worst, difference_of(some.run(implementation, pool),
                                          some.run(*ropes()[0], pool), some.bounds()));
  }
  return worst;
}

}  // namespace moe
