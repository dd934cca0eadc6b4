#include "kernels/residual/difference.h"

#include <cmath>
#include <limits>

#include "kernels/packed/random_elements.h"

namespace moe {
namespace {

constexpr ResidualShape kShapes[] = {{2048}, {77}, {1}};

}  // namespace

ResidualCase::ResidualCase(const ResidualShape& of, std::int64_t T, std::uint64_t seed)
    : shape(of) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  x_TD = random_floats(T * shape.width, random);
  added_TD = random_floats(T * shape.width, random);
  for (float& added : added_TD) added *= std::ldexp(1.0F, static_cast<int>(random() % 80) - 40);
}

std::vector<float> ResidualCase::run(const Residual& implementation, ThreadPool& pool) const {
  std::vector<float> y_TD(x_TD.size(), std::nanf(""));
  implementation.run(shape,
                     {.T = std::ssize(x_TD) / shape.width,
                      .x_TD = x_TD.data(),
                      .added_TD = added_TD.data(),
                      .y_TD = y_TD.data()},
                     pool);
  return y_TD;
}

double residual_difference(const Residual& implementation) {
  ThreadPool pool(2);
  for (const ResidualShape& shape : kShapes) {
    const ResidualCase some(shape, 300, 7);
    if (some.run(implementation, pool) != some.run(*residuals()[0], pool))
      return std::numeric_limits<double>::infinity();
  }
  return 0;
}

}  // namespace moe
