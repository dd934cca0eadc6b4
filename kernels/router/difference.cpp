#include "kernels/router/difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "harness/error.h"
#include "kernels/device_vector.h"
#include "kernels/packed/difference.h"
#include "kernels/packed/random_elements.h"

namespace moe {
namespace {

/// Mixtral, OLMoE, Qwen3, gpt-oss, DeepSeek-V2 and -V3; a choice with removed experts, and none.
constexpr RouterShape kShapes[] = {
    {.T = 64, .E = 8, .K = 2, .renormalise = true},
    {.T = 64, .E = 64, .K = 8},
    {.T = 64, .E = 128, .K = 8, .renormalise = true},
    {.T = 64, .E = 32, .K = 4, .score = RouterScore::softmax_of_chosen},
    {.T = 64, .E = 160, .K = 6, .groups = 8, .groups_kept = 3, .routed_scale = 16},
    {.T = 64,
     .E = 256,
     .K = 8,
     .groups = 8,
     .groups_kept = 4,
     .group_score = RouterGroupScore::best_two,
     .score = RouterScore::sigmoid,
     .renormalise = true,
     .corrected = true,
     .routed_scale = 2.5},
    {.T = 64, .E = 64, .K = 8, .removes = true},
    {.T = 64, .E = 64, .K = 8, .score = RouterScore::sigmoid, .forced = true},
};

/// How far exp(x) may be off, in parts of itself.
double exponential_error(double x) {
  return 0x1p-22 * (1 + std::abs(x));
}

/// What is nothing is exactly that, however far it is from being something.
double off(double size, double error) {
  return size == 0 ? 0 : size * error;
}

/// Weights, and how far each may be off, in parts of itself.
struct Errors {
  std::vector<double> weight_K, error_K;
};

/// An addition and a division each.
Errors sigmoid_errors(std::span<const float> chosen_K, bool renormalise) {
  Errors errors;
  double sum = renormalise ? 1e-20 : 1, sum_error = 0;
  for (const double x : chosen_K) {
    const double weight = 1 / (1 + std::exp(-x));
    errors.weight_K.push_back(weight);
    errors.error_K.push_back(off(1 - weight, exponential_error(x)) + 2 * 0x1p-24);
    if (renormalise) sum += weight;
    if (renormalise) sum_error += off(weight, errors.error_K.back());
  }
  for (double& weight : errors.weight_K) weight /= sum;
  for (double& error : errors.error_K) error += sum_error / sum;
  return errors;
}

Errors softmax_errors(std::span<const float> chosen_K, std::span<const float> summed) {
  const double largest = std::ranges::max(summed);
  double sum = 0, sum_error = 0;
  for (const float x : summed) {
    const double power = std::exp(x - largest);
    sum += power;
    sum_error += off(power, exponential_error(x - largest));
  }
  Errors errors;
  for (const float x : chosen_K) {
    errors.weight_K.push_back(std::exp(x - largest) / sum);
    errors.error_K.push_back(exponential_error(x - largest) + sum_error / sum);
  }
  return errors;
}

std::vector<std::int32_t> random_choice(const RouterShape& shape, std::mt19937& random) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(shape.E)), expert_TK;
  std::iota(ids.begin(), ids.end(), 0);
  for (std::int64_t t = 0; t < shape.T; ++t) {
    std::ranges::shuffle(ids, random);
    expert_TK.insert(expert_TK.end(), ids.begin(), ids.begin() + shape.K);
  }
  return expert_TK;
}

}  // namespace

RouterCase::RouterCase(const RouterShape& of, std::uint64_t seed) : shape(of) {
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  logits_TE = random_floats(shape.T * shape.E, random);
  if (shape.corrected) correction_E = random_floats(shape.E, random);
  for (float& correction : correction_E) correction /= 8;  // about as scores are apart
  removed_E.resize(shape.removes ? static_cast<std::size_t>(shape.E) : 0);
  for (std::uint8_t& removed : removed_E) removed = random() % 4 == 0 ? 1 : 0;
  if (shape.forced) forced_TK = random_choice(shape, random);
}

RouterCase::Result RouterCase::run(const Router& router, ThreadPool& pool) const {
  const auto size = static_cast<std::size_t>(shape.T * shape.K);
  Result result{std::vector<float>(size, std::nanf("")), std::vector<std::int32_t>(size, -1)};
  router.run(shape,
             {.logits_TE = logits_TE.data(),
              .correction_E = correction_E.data(),
              .removed_E = removed_E.data(),
              .forced_TK = forced_TK.data(),
              .weight_TK = result.weight_TK.data(),
              .expert_TK = result.expert_TK.data()},
             {.pool = &pool});
  return result;
}

RouterCase::Result RouterCase::run_on_gpu(const Router& router, const CudaApi& cuda) const {
  const auto size = static_cast<std::size_t>(shape.T * shape.K);
  const DeviceVector<float> logits(cuda, logits_TE), correction(cuda, correction_E);
  const DeviceVector<std::uint8_t> removed(cuda, removed_E);
  const DeviceVector<std::int32_t> forced(cuda, forced_TK);
  const DeviceVector<float> weight(cuda, std::vector<float>(size, std::nanf("")));
  const DeviceVector<std::int32_t> expert(cuda, std::vector<std::int32_t>(size, -1));
  router.run(shape,
             {.logits_TE = logits.data(),
              .correction_E = correction.data(),
              .removed_E = removed.data(),
              .forced_TK = forced.data(),
              .weight_TK = weight.data(),
              .expert_TK = expert.data()},
             {});
  cuda.synchronise();
  return {weight.to_host(), expert.to_host()};
}

std::vector<double> RouterCase::bounds(const std::vector<std::int32_t>& expert_TK) const {
  const auto E = static_cast<std::size_t>(shape.E), K = static_cast<std::size_t>(shape.K);
  std::vector<double> bounds;
  for (std::size_t t = 0; t < static_cast<std::size_t>(shape.T); ++t) {
    const auto logits_E = std::span(logits_TE).subspan(t * E, E);
    std::vector<float> chosen_K;
    for (const std::int32_t e : std::span(expert_TK).subspan(t * K, K))
      chosen_K.push_back(logits_E[static_cast<std::size_t>(e)]);
    const bool of_all = shape.score == RouterScore::softmax && !shape.renormalise;
    const auto summed = of_all ? logits_E : std::span<const float>(chosen_K);
    const Errors errors = shape.score == RouterScore::sigmoid
                              ? sigmoid_errors(chosen_K, shape.renormalise)
                              : softmax_errors(chosen_K, summed);
    // What is added is added one after the other; a division, and the scale and its product.
    const double rest = static_cast<double>(summed.size() + 3) * 0x1p-24;
    // Below 2^-126 float32 has fewer bits, or none. Sigmoids that small are divided by 1e-20.
    const double scale = std::abs(shape.routed_scale), least = 0x1p-59 * scale;
    for (std::size_t k = 0; k < K; ++k)
      bounds.push_back(off(errors.weight_K[k] * scale, errors.error_K[k] + rest) + least);
  }
  return bounds;
}

double router_difference(const Router& router, const CudaApi* cuda) {
  require(!router.on_gpu || cuda != nullptr, "router {}: runs on the GPU, found no CUDA module",
          router.name);
  ThreadPool pool(2);
  double worst = 0;
  for (const RouterShape& shape : kShapes) {
    if (!router.supports(shape)) continue;
    const RouterCase some(shape, 7);
    const auto actual = router.on_gpu ? some.run_on_gpu(router, *cuda) : some.run(router, pool);
    const auto expected = some.run(*routers()[0], pool);
    if (actual.expert_TK != expected.expert_TK) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, difference_of(actual.weight_TK, expected.weight_TK,
                                          some.bounds(expected.expert_TK)));
  }
  return worst;
}

}  // namespace moe
