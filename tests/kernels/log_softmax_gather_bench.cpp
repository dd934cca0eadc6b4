// Every implementation of the head's log-probabilities on OLMoE's vocabulary, one target a row.
#include <benchmark/benchmark.h>

#include <numeric>
#include <string>
#include <vector>

#include "kernels/log_softmax_gather/log_softmax_gather.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/random_elements.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

constexpr LogSoftmaxGatherShape kShape = {.V = 50304, .D = 2048, .format = PackedFormat::bf16};

void measure(benchmark::State& state, const LogSoftmaxGather& gather, std::int64_t R,
             std::int64_t threads) {
  ThreadPool pool(threads);
  std::mt19937 random(7);
  const LinearShape head = kShape.head();
  const std::vector<std::byte> weight = random_rows(head.format, head.N, head.K, random);
  const AlignedBytes packed = aligned_bytes(gather.linear->packed_bytes(head));
  gather.linear->pack(head, {weight.data(), nullptr}, packed.get(), pool);
  const std::vector<float> x_RD = random_floats(R * kShape.D, random);
  std::vector<std::int64_t> row_N(static_cast<std::size_t>(R)), id_N(row_N.size());
  std::iota(row_N.begin(), row_N.end(), 0);
  for (std::size_t n = 0; n < id_N.size(); ++n)
    id_N[n] = static_cast<std::int64_t>(n) * 7919 % kShape.V;
  std::vector<float> log_p_N(row_N.size());
  std::vector<std::uint8_t> is_best_N(row_N.size());
  const AlignedBytes workspace = aligned_bytes(gather.workspace_bytes(kShape, R));
  for ([[maybe_unused]] const auto unused : state) {
    gather.run(kShape, packed.get(),
               {.R = R,
                .x_RD = x_RD.data(),
                .row_N = row_N,
                .id_N = id_N,
                .log_p_N = log_p_N.data(),
                .is_best_N = is_best_N.data(),
                .workspace = workspace.get()},
               pool);
    benchmark::DoNotOptimize(log_p_N.data());
  }
  state_rates(state, threads, linear_flops(head, R), static_cast<double>(linear_bytes(head, R)));
}

const int kRegistered = [] {
  for (const LogSoftmaxGather* gather : log_softmax_gathers()) {
    if (gather->name == "reference") continue;  // minutes
    for (const std::int64_t R : {1, 16, 128}) {
      for (const std::int64_t threads : {1, 2}) {
        const std::string name = "log_softmax_gather/" + std::string(gather->name) +
                                 "/bf16/V50304/D2048/R" + std::to_string(R) + "/threads" +
                                 std::to_string(threads);
        benchmark::RegisterBenchmark(
            name.c_str(),
            [gather, R, threads](benchmark::State& state) { measure(state, *gather, R, threads); })
            ->UseRealTime()
            ->Unit(benchmark::kMillisecond);
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace moe
