// The definition of the op: all logits of a row in float64. Slow on purpose.
#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/log_softmax_gather/log_softmax_gather.h"
#include "kernels/packed/element.h"

namespace moe {

extern const Linear linear_reference;  // whose weights are as they were, row-major

namespace {

std::vector<double> logits_of(const LogSoftmaxGatherShape& shape, const std::byte* packed,
                              const float* x) {
  std::vector<double> logits;
  for (std::int64_t v = 0; v < shape.V; ++v) {
    double sum = 0;
    const std::byte* row = packed + v * row_bytes(shape.format, shape.D);
    for (std::int64_t d = 0; d < shape.D; ++d)
      sum += double{x[d]} * element_of(shape.format, row, d);
    logits.push_back(sum);
  }
  return logits;
}

void run(const LogSoftmaxGatherShape& shape, const std::byte* packed,
         const LogSoftmaxGatherArgs& args, ThreadPool&) {
  std::vector<double> logits;
  std::int64_t row = -1;
  for (std::size_t n = 0; n < args.row_N.size(); ++n) {
    if (args.row_N[n] != row) {
      row = args.row_N[n];
      logits = logits_of(shape, packed, args.x_RD + row * shape.D);
    }
    const bool numbers = std::ranges::all_of(logits, [](double x) { return std::isfinite(x); });
    const auto best = std::ranges::max_element(logits);  // the first of equals
    double sum = 0;
    for (const double logit : logits) sum += std::exp(logit - *best);
    const double logit = logits[static_cast<std::size_t>(args.id_N[n])];
    args.log_p_N[n] = static_cast<float>(numbers ? logit - *best - std::log(sum) : std::nan(""));
    args.is_best_N[n] = numbers && args.id_N[n] == best - logits.begin() ? 1 : 0;
  }
}

}  // namespace

extern const LogSoftmaxGather log_softmax_gather_reference = {
    .name = "reference",
    .by_target = false,
    .supports = [](const LogSoftmaxGatherShape&) { return true; },
    .linear = &linear_reference,
    .workspace_bytes = [](const LogSoftmaxGatherShape&, std::int64_t) { return std::int64_t{0}; },
    .run = run,
};

}  // namespace moe
