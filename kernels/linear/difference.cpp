#include "kernels/linear/difference.h"

#include <algorithm>
#include <cmath>

#include "kernels/packed/aligned.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/element.h"
#include "kernels/packed/random_elements.h"

namespace moe {
namespace {

constexpr LinearShape kShapes[] = {
    {200, 96, PackedFormat::bf16, false}, {77, 130, PackedFormat::f16, true},
    {96, 200, PackedFormat::f32, true},   {90, 203, PackedFormat::int8, false},
    {77, 130, PackedFormat::int4, true},  {200, 96, PackedFormat::mxfp4, false}};

}  // namespace

LinearCase::LinearCase(const LinearShape& of, std::int64_t T, std::uint64_t seed) : shape(of) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  weight_NK = random_rows(shape.format, shape.N, shape.K, random);
  if (shape.bias) bias_N = random_floats(shape.N, random);
  x_TK = random_floats(T * shape.K, random);
}

std::vector<float> LinearCase::run(const Linear& implementation, ThreadPool& pool) const {
  const AlignedBytes packed = aligned_bytes(implementation.packed_bytes(shape));
  implementation.pack(shape, {weight_NK.data(), bias_N.data()}, packed.get(), pool);
  const std::int64_t T = std::ssize(x_TK) / shape.K;
  std::vector<float> y_TN(static_cast<std::size_t>(T * shape.N), std::nanf(""));
  implementation.run(shape, packed.get(), {.T = T, .x_TK = x_TK.data(), .y_TN = y_TN.data()}, pool);
  return y_TN;
}

std::vector<double> LinearCase::bounds() const {
  std::vector<double> bounds;
  for (std::int64_t t = 0; t < std::ssize(x_TK) / shape.K; ++t) {
    for (std::int64_t n = 0; n < shape.N; ++n) {
      const double bias = shape.bias ? std::abs(bias_N[static_cast<std::size_t>(n)]) : 0;
      const ProductBound product =
          product_bound(shape.format, weight_NK.data() + n * row_bytes(shape.format, shape.K),
                        std::span(x_TK).subspan(static_cast<std::size_t>(t * shape.K),
                                                static_cast<std::size_t>(shape.K)));
      // The bias is one more rounding of the whole.
      bounds.push_back(product.error + 0x1p-24 * (product.size + product.error + bias));
    }
  }
  return bounds;
}

double linear_difference(const Linear& implementation) {
  ThreadPool pool(2);
  double worst = 0;
  for (const LinearShape& shape : kShapes) {
    if (!implementation.supports(shape)) continue;
    const LinearCase some(shape, 30, 7);
    worst = std::max(worst, difference_of(some.run(implementation, pool),
                                          some.run(*linears()[0], pool), some.bounds()));
  }
  return worst;
}

}  // namespace moe
