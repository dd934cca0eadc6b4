#include "kernels/log_softmax_gather/difference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/packed/aligned.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/element.h"
#include "kernels/packed/random_elements.h"

namespace moe {

LogSoftmaxGatherCase::LogSoftmaxGatherCase(const LogSoftmaxGatherShape& of, std::int64_t R,
                                           std::uint64_t seed)
    : shape(of) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  weight_VD = random_rows(shape.format, shape.V, shape.D, random);
  x_RD = random_floats(R * shape.D, random);
  for (std::int64_t row = 0; row < R; ++row) {
    for (auto targets = random() % 4; targets > 0; --targets) {
      row_N.push_back(row);
      id_N.push_back(
          static_cast<std::int64_t>(random() % static_cast<std::mt19937::result_type>(shape.V)));
    }
  }
}

LogSoftmaxGatherCase::Result LogSoftmaxGatherCase::run(const LogSoftmaxGather& implementation,
                                                       ThreadPool& pool) const {
  const AlignedBytes packed = aligned_bytes(implementation.linear->packed_bytes(shape.head()));
  implementation.linear->pack(shape.head(), {.weight_NK = weight_VD.data(), .bias_N = nullptr},
                              packed.get(), pool);
  const std::int64_t R = std::ssize(x_RD) / shape.D;
  const AlignedBytes workspace = aligned_bytes(implementation.workspace_bytes(shape, R));
  Result result{std::vector<float>(id_N.size(), std::nanf("")),
                std::vector<std::uint8_t>(id_N.size(), 2)};
  implementation.run(shape, packed.get(),
                     {.R = R,
                      .x_RD = x_RD.data(),
                      .row_N = row_N,
                      .id_N = id_N,
                      .log_p_N = result.log_p_N.data(),
                      .is_best_N = result.is_best_N.data(),
                      .workspace = workspace.get()},
                     pool);
  return result;
}

std::vector<double> LogSoftmaxGatherCase::bounds() const {
  std::vector<double> bounds;
  std::int64_t row = -1;
  double largest = 0;
  for (const std::int64_t next : row_N) {
    if (next != row) {
      row = next;
      largest = 0;
      for (std::int64_t v = 0; v < shape.V; ++v) {
        const std::byte* weights = weight_VD.data() + v * row_bytes(shape.format, shape.D);
        const auto x = std::span(x_RD).subspan(static_cast<std::size_t>(row * shape.D),
                                               static_cast<std::size_t>(shape.D));
        largest = std::max(largest, product_bound(shape.format, weights, x).error);
      }
    }
    bounds.push_back(2 * largest + 0x1p-18 + 0x1p-22 * 100);  // no |log_p| here is above 100
  }
  return bounds;
}

double log_softmax_gather_difference(const LogSoftmaxGather& implementation) {
  ThreadPool pool(2);
  double worst = 0;
  for (const PackedFormat format : kPackedFormats) {
    const LogSoftmaxGatherShape shape = {.V = 500, .D = 48, .format = format};
    if (!implementation.supports(shape)) continue;
    const LogSoftmaxGatherCase some(shape, 60, 7);
    const auto actual = some.run(implementation, pool);
    const auto expected = some.run(*log_softmax_gathers()[0], pool);
    if (actual.is_best_N != expected.is_best_N) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, difference_of(actual.log_p_N, expected.log_p_N, some.bounds()));
  }
  return worst;
}

}  // namespace moe
