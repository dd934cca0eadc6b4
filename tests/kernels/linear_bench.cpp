// Every implementation of a linear layer on projections of OLMoE.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/linear/linear.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/random_elements.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

void measure(benchmark::State& state, const Linear& linear, const LinearShape& shape,
             std::int64_t T, std::int64_t threads) {
  ThreadPool pool(threads);
  std::mt19937 random(7);
  const std::vector<std::byte> weight = random_rows(shape.format, shape.N, shape.K, random);
  const AlignedBytes packed = aligned_bytes(linear.packed_bytes(shape));
  linear.pack(shape, {weight.data(), nullptr}, packed.get(), pool);
  const std::vector<float> x_TK = random_floats(T * shape.K, random);
  std::vector<float> y_TN(static_cast<std::size_t>(T * shape.N));
  for ([[maybe_unused]] const auto unused : state) {
    linear.run(shape, packed.get(), {T, x_TK.data(), y_TN.data()}, pool);
    benchmark::DoNotOptimize(y_TN.data());
  }
  state_rates(state, threads, linear_flops(shape, T), static_cast<double>(linear_bytes(shape, T)));
}

/// Attention's output projection, and the head.
constexpr std::int64_t kOutputs[] = {2048, 50304}, kInputs = 2048;

void register_shape(const Linear& linear, const LinearShape& shape) {
  for (const std::int64_t T : {1, 16, 128}) {
    for (const std::int64_t threads : {1, 2}) {
      const std::string name = "linear/" + std::string(linear.name) + "/" +
                               std::string(name_of(shape.format)) + "/N" + std::to_string(shape.N) +
                               "/K" + std::to_string(shape.K) + "/T" + std::to_string(T) +
                               "/threads" + std::to_string(threads);
      benchmark::RegisterBenchmark(name.c_str(),
                                   [&linear, shape, T, threads](benchmark::State& state) {
                                     measure(state, linear, shape, T, threads);
                                   })
          ->UseRealTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
}

const int kRegistered = [] {
  for (const Linear* linear : linears()) {
    if (linear->name == "reference") continue;  // minutes
    for (const PackedFormat format : kPackedFormats) {
      for (const std::int64_t outputs : kOutputs)
        register_shape(*linear, {outputs, kInputs, format, false});
    }
  }
  return 0;
}();

}  // namespace
}  // namespace moe
