#include "kernels/topk_router/difference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "harness/error.h"
#include "kernels/device_vector.h"

namespace moe {
namespace {

constexpr TopkRouterShape kShapes[] = {{64, 8, 2, true}, {64, 64, 8, false}, {64, 128, 8, true}};

struct Choice {
  std::vector<float> weight_TK;
  std::vector<std::int32_t> expert_TK;
};

Choice choose(const TopkRouter& router, const TopkRouterShape& shape,
              const std::vector<float>& logits_TE) {
  const auto size = static_cast<std::size_t>(shape.T * shape.K);
  Choice choice{std::vector<float>(size), std::vector<std::int32_t>(size)};
  router.run(shape, {logits_TE.data(), choice.weight_TK.data(), choice.expert_TK.data()}, nullptr);
  return choice;
}

Choice choose_on_gpu(const CudaApi& cuda, const TopkRouter& router, const TopkRouterShape& shape,
                     const std::vector<float>& logits_TE) {
  const auto size = static_cast<std::size_t>(shape.T * shape.K);
  const DeviceVector<float> logits(cuda, logits_TE);
  const DeviceVector<float> weight(cuda, std::vector<float>(size));
  const DeviceVector<std::int32_t> expert(cuda, std::vector<std::int32_t>(size));
  router.run(shape, {logits.data(), weight.data(), expert.data()}, nullptr);
  cuda.synchronise();
  return {weight.to_host(), expert.to_host()};
}

}  // namespace

double topk_router_difference(const TopkRouter& router, const CudaApi* cuda) {
  require(!router.on_gpu || cuda != nullptr,
          "topk_router {}: runs on the GPU, found no CUDA module", router.name);
  double worst = 0;
  for (const TopkRouterShape& shape : kShapes) {
    if (!router.supports(shape)) continue;
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> logits_TE(static_cast<std::size_t>(shape.T * shape.E));
    for (float& x : logits_TE) x = normal(random);
    const Choice expected = choose(*topk_routers()[0], shape, logits_TE);
    const Choice actual = router.on_gpu ? choose_on_gpu(*cuda, router, shape, logits_TE)
                                        : choose(router, shape, logits_TE);
    if (actual.expert_TK != expected.expert_TK) return std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < actual.weight_TK.size(); ++i) {
      const double apart = std::abs(double{actual.weight_TK[i]} - expected.weight_TK[i]);
      if (std::isnan(apart)) return std::numeric_limits<double>::infinity();
      worst = std::max(worst, apart);
    }
  }
  return worst;
}

}  // namespace moe
