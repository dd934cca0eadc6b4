// Every implementation of the residual sum, as wide as OLMoE.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/packed/random_elements.h"
#include "kernels/residual/residual.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

void measure(benchmark::State& state, const Residual& residual, const ResidualShape& shape,
             std::int64_t T, std::int64_t threads) {
  ThreadPool pool(threads);
  std::mt19937 random(7);
  const std::vector<float> x_TD = random_floats(T * shape.width, random);
  const std::vector<float> added_TD = random_floats(T * shape.width, random);
  std::vector<float> y_TD(x_TD.size());
  for ([[maybe_unused]] const auto unused : state) {
    residual.run(shape, {T, x_TD.data(), added_TD.data(), y_TD.data()}, pool);
    benchmark::DoNotOptimize(y_TD.data());
  }
  state_rates(state, threads, 0, static_cast<double>(3 * y_TD.size() * sizeof(float)));
}

const int kRegistered = [] {
  for (const Residual* residual : residuals()) {
    for (const std::int64_t T : {1, 16, 512}) {
      for (const std::int64_t threads : {1, 2}) {
        const ResidualShape shape = {.width = 2048};
        const std::string name = "residual/" + std::string(residual->name) + "/D" +
                                 std::to_string(shape.width) + "/T" + std::to_string(T) +
                                 "/threads" + std::to_string(threads);
        benchmark::RegisterBenchmark(name.c_str(),
                                     [residual, shape, T, threads](benchmark::State& state) {
                                       measure(state, *residual, shape, T, threads);
                                     })
            ->UseRealTime()
            ->Unit(benchmark::kMicrosecond);
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace moe
