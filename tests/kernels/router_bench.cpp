// Every implementation of the router as models have it, on one thread.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/router/difference.h"

namespace moe {
namespace {

void measure(benchmark::State& state, const Router& router, const RouterShape& shape) {
  ThreadPool pool(1);
  const RouterCase some(shape, 7);
  std::vector<float> weight(static_cast<std::size_t>(shape.T * shape.K));
  std::vector<std::int32_t> expert(weight.size());
  const RouterArgs args = {.logits_TE = some.logits_TE.data(),
                           .correction_E = some.correction_E.data(),
                           .weight_TK = weight.data(),
                           .expert_TK = expert.data()};
  for ([[maybe_unused]] const auto unused : state) {
    router.run(shape, args, {.pool = &pool});
    benchmark::DoNotOptimize(weight.data());
  }
  state.SetItemsProcessed(state.iterations() * shape.T);
  state.SetBytesProcessed(state.iterations() * router_bytes(shape));
}

struct Model {
  std::string_view name;
  RouterShape shape;
};

constexpr Model kModels[] = {
    {"Mixtral", {.E = 8, .K = 2, .renormalise = true}},
    {"OLMoE", {.E = 64, .K = 8}},
    {"Qwen3", {.E = 128, .K = 8, .renormalise = true}},
    {"DeepSeek-V3",
     {.E = 256,
      .K = 8,
      .groups = 8,
      .groups_kept = 4,
      .group_score = RouterGroupScore::best_two,
      .score = RouterScore::sigmoid,
      .renormalise = true,
      .corrected = true,
      .routed_scale = 2.5}},
};

/// One decoded token and a prompt.
const int kRegistered = [] {
  for (const Router* router : routers()) {
    for (const Model& model : kModels) {
      for (const std::int64_t T : {1, 512}) {
        RouterShape shape = model.shape;
        shape.T = T;
        const std::string name = "router/" + std::string(router->name) + "/" +
                                 std::string(model.name) + "/T" + std::to_string(T);
        benchmark::RegisterBenchmark(name.c_str(), [router, shape](benchmark::State& state) {
          measure(state, *router, shape);
        });
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace moe
