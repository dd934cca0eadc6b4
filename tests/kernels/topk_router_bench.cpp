// Every implementation of the router's top-k on the shapes of real models.
#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "kernels/topk_router/topk_router.h"

namespace moe {
namespace {

void measure(benchmark::State& state, const TopkRouter& router, const TopkRouterShape& shape) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> logits(static_cast<std::size_t>(shape.T * shape.E));
  for (float& x : logits) x = normal(random);
  std::vector<float> weight(static_cast<std::size_t>(shape.T * shape.K));
  std::vector<std::int32_t> expert(weight.size());
  for ([[maybe_unused]] const auto unused : state) {
    router.run(shape, {logits.data(), weight.data(), expert.data()}, nullptr);
    benchmark::DoNotOptimize(weight.data());
  }
  state.SetBytesProcessed(state.iterations() * topk_router_bytes(shape));
}

/// Mixtral, OLMoE, Qwen3: one decoded token and a prompt.
constexpr TopkRouterShape kShapes[] = {
    {1, 8, 2, true},     {512, 8, 2, true}, {1, 64, 8, false},
    {512, 64, 8, false}, {1, 128, 8, true}, {512, 128, 8, true},
};

const int kRegistered = [] {
  for (const TopkRouter* router : topk_routers()) {
    for (const TopkRouterShape& shape : kShapes) {
      const std::string name = "topk_router/" + std::string(router->name) + "/T" +
                               std::to_string(shape.T) + "/E" + std::to_string(shape.E) + "/K" +
                               std::to_string(shape.K);
      benchmark::RegisterBenchmark(name.c_str(), [router, shape](benchmark::State& state) {
        measure(state, *router, shape);
      });
    }
  }
  return 0;
}();

}  // namespace
}  // namespace moe
