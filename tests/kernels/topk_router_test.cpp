// Every implementation against the reference, on shapes chosen to break them.
#include "kernels/topk_router/topk_router.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "kernels/cuda_module.h"
#include "kernels/device_vector.h"

namespace moe {

// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest looks for this name
void PrintTo(const TopkRouter* router, std::ostream* out) {
  *out << router->name;
}

namespace {

constexpr TopkRouterShape kShapes[] = {
    {1, 1, 1, false}, {1, 8, 1, false},  {5, 8, 2, true},   {3, 64, 8, false},
    {7, 33, 5, true}, {4, 64, 64, true}, {2, 128, 8, true}, {0, 8, 2, true},
};

struct Routing {
  std::vector<float> weight_TK;
  std::vector<std::int32_t> expert_TK;
};

std::size_t count(std::int64_t a, std::int64_t b) {
  return static_cast<std::size_t>(a * b);
}

std::vector<float> random_logits(const TopkRouterShape& shape, bool with_ties) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> logits(count(shape.T, shape.E));
  for (float& x : logits) x = with_ties ? std::round(normal(random)) : normal(random);
  return logits;
}

Routing route(const TopkRouter& router, const TopkRouterShape& shape,
              const std::vector<float>& logits_TE) {
  const std::size_t size = count(shape.T, shape.K);
  Routing routing{std::vector<float>(size), std::vector<std::int32_t>(size)};
  router.run(shape, {logits_TE.data(), routing.weight_TK.data(), routing.expert_TK.data()},
             nullptr);
  return routing;
}

Routing route_on_gpu(const CudaApi& api, const TopkRouter& router, const TopkRouterShape& shape,
                     const std::vector<float>& logits_TE) {
  const DeviceVector<float> logits(api, logits_TE);
  const DeviceVector<float> weight(api, std::vector<float>(count(shape.T, shape.K)));
  const DeviceVector<std::int32_t> expert(api, std::vector<std::int32_t>(count(shape.T, shape.K)));
  router.run(shape, {logits.data(), weight.data(), expert.data()}, nullptr);
  api.synchronise();
  return {weight.to_host(), expert.to_host()};
}

void expect_same(const Routing& actual, const Routing& expected, const TopkRouterShape& shape) {
  EXPECT_EQ(actual.expert_TK, expected.expert_TK) << "E=" << shape.E << " K=" << shape.K;
  for (std::size_t i = 0; i < expected.weight_TK.size(); ++i) {
    EXPECT_NEAR(actual.weight_TK[i], expected.weight_TK[i], 1e-6F);
  }
}

class EveryTopkRouter : public testing::TestWithParam<const TopkRouter*> {};

TEST_P(EveryTopkRouter, agrees_with_the_reference) {
  for (const TopkRouterShape& shape : kShapes) {
    if (!GetParam()->supports(shape)) continue;
    for (const bool with_ties : {false, true}) {
      const auto logits = random_logits(shape, with_ties);
      expect_same(route(*GetParam(), shape, logits), route(*topk_routers()[0], shape, logits),
                  shape);
    }
  }
}

TEST(cuda_topk_routers, agree_with_the_reference) {
  const CudaModule module(MOE_BINARY_DIR);
  if (module.api() == nullptr) GTEST_SKIP() << module.reason();
  for (const TopkRouter* router : module.api()->topk_routers) {
    SCOPED_TRACE(router->name);
    for (const TopkRouterShape& shape : kShapes) {
      if (shape.T == 0 || !router->supports(shape)) continue;
      for (const bool with_ties : {false, true}) {
        const auto logits = random_logits(shape, with_ties);
        expect_same(route_on_gpu(*module.api(), *router, shape, logits),
                    route(*topk_routers()[0], shape, logits), shape);
      }
    }
  }
}

TEST(cuda_module, says_why_it_is_not_there) {
  const CudaModule module(std::filesystem::path(MOE_BINARY_DIR) / "nowhere");
  EXPECT_EQ(module.api(), nullptr);
  EXPECT_NE(module.reason().find("was not built"), std::string::npos) << module.reason();
}

INSTANTIATE_TEST_SUITE_P(, EveryTopkRouter,
                         testing::ValuesIn(topk_routers().begin(), topk_routers().end()),
                         [](const auto& tested) { return std::string(tested.param->name); });

}  // namespace
}  // namespace moe
