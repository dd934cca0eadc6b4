// Every implementation of a normalisation, as wide as OLMoE.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/norm/norm.h"
#include "kernels/packed/random_elements.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

void measure(benchmark::State& state, const Norm& norm, const NormShape& shape, std::int64_t T,
             std::int64_t threads) {
  ThreadPool pool(threads);
  std::mt19937 random(7);
  const std::vector<float> weight_W = random_floats(shape.width, random);
  const std::vector<float> x_TW = random_floats(T * shape.width, random);
  std::vector<float> y_TW(x_TW.size());
  for ([[maybe_unused]] const auto unused : state) {
    norm.run(shape, {T, x_TW.data(), weight_W.data(), y_TW.data()}, pool);
    benchmark::DoNotOptimize(y_TW.data());
  }
  state_rates(state, threads, 0, static_cast<double>(2 * T * shape.width * 4));
}

const int kRegistered = [] {
  for (const Norm* norm : norms()) {
    for (const NormKernelKind kind : {NormKernelKind::rms, NormKernelKind::layer}) {
      for (const std::int64_t T : {1, 16, 512}) {
        for (const std::int64_t threads : {1, 2}) {
          const NormShape shape = {.width = 2048, .kind = kind, .eps = 1e-5, .weight = true};
          const std::string name = "norm/" + std::string(norm->name) +
                                   (kind == NormKernelKind::rms ? "/rms" : "/layer") + "/W" +
                                   std::to_string(shape.width) + "/T" + std::to_string(T) +
                                   "/threads" + std::to_string(threads);
          benchmark::RegisterBenchmark(name.c_str(),
                                       [norm, shape, T, threads](benchmark::State& state) {
                                         measure(state, *norm, shape, T, threads);
                                       })
              ->UseRealTime()
              ->Unit(benchmark::kMicrosecond);
        }
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace moe
