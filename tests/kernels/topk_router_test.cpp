// Every implementation against the reference, on shapes chosen to break them.
#include "kernels/topk_router/topk_router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <utility>
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
    {1, 1, 1, false}, {1, 8, 1, false},  {5, 8, 2, true},    {3, 64, 8, false},
    {7, 33, 5, true}, {4, 64, 64, true}, {2, 128, 8, true},  {0, 8, 2, true},
    {9, 2, 2, true},  {9, 2, 2, false},  {40, 33, 32, true}, {3, 256, 8, false},
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

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

/// Logits that are hard to order or to weigh, among random ones.
std::vector<float> hard_logits(const TopkRouterShape& shape, std::span<const float> hard) {
  std::mt19937 random(11);
  std::vector<float> logits = random_logits(shape, /*with_ties=*/true);
  for (float& x : logits) {
    if (random() % 2 == 0) x = hard[random() % hard.size()];
  }
  return logits;
}

float rank_of(float logit) {
  return std::isnan(logit) ? -kInfinity : logit;
}

/// The weights that the header asks for, of experts already known to be the right ones.
std::vector<double> weights_of(std::span<const float> logits, std::span<const std::int32_t> experts,
                               bool renormalise) {
  double largest = -std::numeric_limits<double>::infinity(), sum = 0, chosen = 0;
  for (const float x : logits) largest = std::max<double>(largest, rank_of(x));
  for (const float x : logits) sum += std::exp(x - largest);  // NaN where there is no softmax
  std::vector<double> out;
  for (const std::int32_t e : experts)
    chosen += out.emplace_back(std::exp(logits[static_cast<std::size_t>(e)] - largest) / sum);
  for (double& weight : out) weight /= renormalise ? chosen : 1;
  if (std::isnan(sum)) std::ranges::fill(out, sum);
  return out;
}

/// What the header says, without the help of any implementation.
void expect_contract(const Routing& routing, const TopkRouterShape& shape,
                     std::span<const float> logits_TE) {
  for (std::int64_t t = 0; t < shape.T; ++t) {
    const auto logits = logits_TE.subspan(count(t, shape.E), count(1, shape.E));
    const auto experts = std::span(routing.expert_TK).subspan(count(t, shape.K), count(1, shape.K));
    std::vector<std::int32_t> order(logits.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {}, [&](std::int32_t e) {
      return std::pair(-rank_of(logits[static_cast<std::size_t>(e)]), e);
    });
    ASSERT_TRUE(std::ranges::equal(experts, std::span(order).first(experts.size())))
        << "token " << t << " E=" << shape.E << " K=" << shape.K;
    const std::vector<double> weights = weights_of(logits, experts, shape.renormalise);
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const float actual = routing.weight_TK[count(t, shape.K) + k];
      EXPECT_EQ(std::isnan(actual), std::isnan(weights[k])) << "token " << t << " choice " << k;
      if (!std::isnan(weights[k])) {
        EXPECT_NEAR(actual, weights[k], 1e-6);
      }
    }
  }
}

/// Rows of logits for every shape: random, tied, underflowing, masked, and without a softmax.
std::vector<std::vector<float>> all_logits(const TopkRouterShape& shape) {
  constexpr float kFar[] = {-800, -750, -1000, 0}, kMasked[] = {-kInfinity},
                  kBroken[] = {kNan, kInfinity, -kInfinity, 0};
  return {random_logits(shape, false),
          random_logits(shape, true),
          hard_logits(shape, kFar),
          hard_logits(shape, kMasked),
          hard_logits(shape, kBroken),
          std::vector<float>(count(shape.T, shape.E), -kInfinity),
          std::vector<float>(count(shape.T, shape.E), kNan)};
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

TEST_P(EveryTopkRouter, keeps_the_contract) {
  for (const TopkRouterShape& shape : kShapes) {
    if (!GetParam()->supports(shape)) continue;
    for (const std::vector<float>& logits : all_logits(shape))
      expect_contract(route(*GetParam(), shape, logits), shape, logits);
  }
}

TEST_P(EveryTopkRouter, orders_by_logits_and_not_by_weights_that_are_nothing) {
  const TopkRouterShape shape{1, 3, 2, false};
  const Routing far = route(*GetParam(), shape, {0, -800, -750});
  EXPECT_EQ(far.expert_TK, (std::vector<std::int32_t>{0, 2}));
  EXPECT_EQ(far.weight_TK, (std::vector<float>{1, 0}));
  EXPECT_EQ(route(*GetParam(), shape, {-kInfinity, 0, -kInfinity}).expert_TK,
            (std::vector<std::int32_t>{1, 0}));
  EXPECT_EQ(route(*GetParam(), shape, {-kInfinity, 0, -kInfinity}).weight_TK,
            (std::vector<float>{1, 0}));
}

TEST(cuda_topk_routers, keep_the_contract) {
  const CudaModule module(MOE_BINARY_DIR);
  if (module.api() == nullptr) GTEST_SKIP() << module.reason();
  for (const TopkRouter* router : module.api()->topk_routers) {
    SCOPED_TRACE(router->name);
    for (const TopkRouterShape& shape : kShapes) {
      if (!router->supports(shape)) continue;
      for (const std::vector<float>& logits : all_logits(shape))
        expect_contract(route_on_gpu(*module.api(), *router, shape, logits), shape, logits);
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
