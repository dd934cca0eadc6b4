// Every implementation of rotary positions on the queries of OLMoE.
#include <benchmark/benchmark.h>

#include <numeric>
#include <string>
#include <vector>

#include "kernels/packed/random_elements.h"
#include "kernels/rope/angles.h"
#include "kernels/rope/frequencies.h"
#include "kernels/rope/rope.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

void measure(benchmark::State& state, const Rope& rope, const RopeShape& shape, std::int64_t T,
             std::int64_t threads) {
  ThreadPool pool(threads);
  std::mt19937 random(7);
  std::vector<std::int64_t> position_T(static_cast<std::size_t>(T));
  std::iota(position_T.begin(), position_T.end(), 0);
  std::vector<float> cos_Th(static_cast<std::size_t>(T * shape.dims / 2)), sin_Th(cos_Th);
  const RopeSpec spec{.theta = 10000, .dims = shape.dims};
  rope_angles(rope_frequencies(spec, rope_powers(spec)), 1, position_T, cos_Th.data(),
              sin_Th.data(), pool);
  const std::vector<float> x_THd = random_floats(T * shape.heads * shape.width, random);
  std::vector<float> y_THd(x_THd.size());
  for ([[maybe_unused]] const auto unused : state) {
    rope.run(shape, {T, x_THd.data(), cos_Th.data(), sin_Th.data(), y_THd.data()}, pool);
    benchmark::DoNotOptimize(y_THd.data());
  }
  state_rates(state, threads, 0, static_cast<double>(2 * x_THd.size() * sizeof(float)));
}

/// What a step does once for all layers.
void measure_angles(benchmark::State& state, std::int64_t dims, std::int64_t T,
                    std::int64_t threads) {
  ThreadPool pool(threads);
  std::vector<std::int64_t> position_T(static_cast<std::size_t>(T));
  std::iota(position_T.begin(), position_T.end(), 0);
  std::vector<float> cos_Th(static_cast<std::size_t>(T * dims / 2)), sin_Th(cos_Th);
  const RopeSpec spec{.theta = 10000, .dims = dims};
  for ([[maybe_unused]] const auto unused : state) {
    rope_angles(rope_frequencies(spec, rope_powers(spec)), 1, position_T, cos_Th.data(),
                sin_Th.data(), pool);
    benchmark::DoNotOptimize(cos_Th.data());
  }
  state_rates(state, threads, 0, static_cast<double>(2 * cos_Th.size() * sizeof(float)));
}

const int kAngles = [] {
  for (const std::int64_t T : {1, 16, 512}) {
    for (const std::int64_t threads : {1, 2}) {
      const std::string name =
          "rope_angles/d128/T" + std::to_string(T) + "/threads" + std::to_string(threads);
      benchmark::RegisterBenchmark(
          name.c_str(),
          [T, threads](benchmark::State& state) { measure_angles(state, 128, T, threads); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    }
  }
  return 0;
}();

const int kRegistered = [] {
  for (const Rope* rope : ropes()) {
    for (const std::int64_t T : {1, 16, 512}) {
      for (const std::int64_t threads : {1, 2}) {
        const RopeShape shape = {.heads = 16, .width = 128, .dims = 128};
        const std::string name = "rope/" + std::string(rope->name) + "/H16/d128/T" +
                                 std::to_string(T) + "/threads" + std::to_string(threads);
        benchmark::RegisterBenchmark(name.c_str(),
                                     [rope, shape, T, threads](benchmark::State& state) {
                                       measure(state, *rope, shape, T, threads);
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
