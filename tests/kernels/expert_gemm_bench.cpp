// Every implementation of the experts on OLMoE's shape, with a quarter of its experts: more weights
// than any cache holds. Rows are spread evenly.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/expert_gemm/expert_gemm.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/random_elements.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

constexpr std::int64_t kExperts = 16, kChoices = 8, kDim = 2048, kHidden = 1024;

ExpertGemmShape shape_of(PackedFormat format) {
  return {kExperts, kChoices, kDim, kHidden, {}, format, false, false};
}

/// One expert's weights serve as all of them: packed they are as many bytes.
AlignedBytes packed_weights(const ExpertGemm& gemm, PackedFormat format, ThreadPool& pool) {
  const ExpertGemmShape shape = shape_of(format);
  std::mt19937 random(7);
  const std::vector<std::byte> matrix = random_rows(format, kHidden, kDim, random);
  const std::vector<ExpertWeights> experts(kExperts, {.gate_FD = matrix.data(),
                                                      .up_FD = matrix.data(),
                                                      .down_DF = matrix.data(),
                                                      .gate_bias_F = nullptr,
                                                      .up_bias_F = nullptr,
                                                      .down_bias_D = nullptr});
  AlignedBytes packed = aligned_bytes(gemm.packed_bytes(shape));
  gemm.pack(shape, experts, packed.get(), pool);
  return packed;
}

void measure(benchmark::State& state, const ExpertGemm& gemm, PackedFormat format,
             std::int64_t rows_of_expert, std::int64_t threads) {
  ThreadPool pool(threads);
  const ExpertGemmShape shape = shape_of(format);
  const AlignedBytes packed = packed_weights(gemm, format, pool);
  const std::int64_t T = rows_of_expert * kExperts / kChoices;
  std::mt19937 random(8);
  const std::vector<float> x_TD = random_floats(T * kDim, random);
  std::vector<std::int32_t> expert_TK;
  for (std::int64_t n = 0; n < T * kChoices; ++n)
    expert_TK.push_back(static_cast<std::int32_t>(n % kExperts));
  const std::vector<float> weight_TK(expert_TK.size(), 1.0F / kChoices);
  std::vector<float> y_TD(x_TD.size());
  const AlignedBytes workspace = aligned_bytes(gemm.workspace_bytes(shape, T));
  for ([[maybe_unused]] const auto unused : state) {
    gemm.run(shape, packed.get(),
             {T, x_TD.data(), expert_TK.data(), weight_TK.data(), y_TD.data(), workspace.get()},
             pool);
    benchmark::DoNotOptimize(y_TD.data());
  }
  state_rates(state, threads, expert_gemm_flops(shape, T),
              static_cast<double>(kExperts * expert_bytes(shape)));
}

const int kRegistered = [] {
  for (const ExpertGemm* gemm : expert_gemms()) {
    if (gemm->name == "reference") continue;  // minutes
    for (const PackedFormat format : kPackedFormats) {
      for (const std::int64_t rows : {1, 2, 4, 8, 16, 32, 64}) {
        for (const std::int64_t threads : {1, 2}) {
          const std::string name = "expert_gemm/" + std::string(gemm->name) + "/" +
                                   std::string(name_of(format)) + "/rows" + std::to_string(rows) +
                                   "/threads" + std::to_string(threads);
          benchmark::RegisterBenchmark(name.c_str(),
                                       [gemm, format, rows, threads](benchmark::State& state) {
                                         measure(state, *gemm, format, rows, threads);
                                       })
              ->UseRealTime()
              ->Unit(benchmark::kMillisecond);
        }
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace moe
