// Every implementation of the experts on OLMoE's shape, with a quarter of its experts: more weights
// than any cache holds; and with all of them, beside which others' are set (tools/peers). Rows are
// spread evenly.
#include <benchmark/benchmark.h>

#include <set>
#include <string>
#include <vector>

#include "harness/machine.h"
#include "kernels/expert_gemm/expert_gemm.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/random_elements.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

constexpr std::int64_t kExperts = 16, kAllExperts = 64, kChoices = 8, kDim = 2048, kHidden = 1024;

struct Case {
  const ExpertGemm* gemm;
  PackedFormat format;
  std::int64_t experts, rows_of_expert, threads;
};

ExpertGemmShape shape_of(const Case& c) {
  return {c.experts, kChoices, kDim, kHidden, {}, c.format, false, false};
}

std::string name_of(const Case& c) {
  const std::string experts =
      c.experts == kExperts ? "" : "experts" + std::to_string(c.experts) + "/";
  return "expert_gemm/" + std::string(c.gemm->name) + "/" + std::string(name_of(c.format)) + "/" +
         experts + "rows" + std::to_string(c.rows_of_expert) + "/threads" +
         std::to_string(c.threads);
}

/// One expert's weights serve as all of them: packed they are as many bytes.
AlignedBytes packed_weights(const Case& c, ThreadPool& pool) {
  const ExpertGemmShape shape = shape_of(c);
  std::mt19937 random(7);
  const std::vector<std::byte> matrix = random_rows(c.format, kHidden, kDim, random);
  const std::vector<ExpertWeights> experts(static_cast<std::size_t>(c.experts),
                                           {.gate_FD = matrix.data(),
                                            .up_FD = matrix.data(),
                                            .down_DF = matrix.data(),
                                            .gate_bias_F = nullptr,
                                            .up_bias_F = nullptr,
                                            .down_bias_D = nullptr});
  AlignedBytes packed = aligned_bytes(c.gemm->packed_bytes(shape));
  c.gemm->pack(shape, experts, packed.get(), pool);
  return packed;
}

void measure(benchmark::State& state, const Case& c) {
  ThreadPool pool(c.threads);
  const ExpertGemmShape shape = shape_of(c);
  const AlignedBytes packed = packed_weights(c, pool);
  const std::int64_t T = c.rows_of_expert * c.experts / kChoices;
  std::mt19937 random(8);
  const std::vector<float> x_TD = random_floats(T * kDim, random);
  std::vector<std::int32_t> expert_TK;
  for (std::int64_t n = 0; n < T * kChoices; ++n)
    expert_TK.push_back(static_cast<std::int32_t>(n % c.experts));
  const std::vector<float> weight_TK(expert_TK.size(), 1.0F / kChoices);
  std::vector<float> y_TD(x_TD.size());
  const AlignedBytes workspace = aligned_bytes(c.gemm->workspace_bytes(shape, T));
  for ([[maybe_unused]] const auto unused : state) {
    c.gemm->run(shape, packed.get(),
                {T, x_TD.data(), expert_TK.data(), weight_TK.data(), y_TD.data(), workspace.get()},
                pool);
    benchmark::DoNotOptimize(y_TD.data());
  }
  state_rates(state, c.threads, expert_gemm_flops(shape, T),
              static_cast<double>(c.experts * expert_bytes(shape)));
}

std::vector<Case> cases() {
  std::vector<Case> out;
  const std::set<std::int64_t> threads_of_all = {1, 2, this_machine().cores};
  for (const ExpertGemm* gemm : expert_gemms()) {
    if (gemm->name == "reference") continue;  // minutes
    for (const PackedFormat format : kPackedFormats) {
      for (const std::int64_t rows : {1, 2, 4, 8, 16, 32, 64}) {
        for (const std::int64_t threads : {1, 2})
          out.push_back({gemm, format, kExperts, rows, threads});
      }
      for (const std::int64_t rows : {8, 64}) {
        for (const std::int64_t threads : threads_of_all)
          out.push_back({gemm, format, kAllExperts, rows, threads});
      }
    }
  }
  return out;
}

const int kRegistered = [] {
  for (const Case& c : cases()) {
    benchmark::RegisterBenchmark(name_of(c).c_str(),
                                 [c](benchmark::State& state) { measure(state, c); })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  return 0;
}();

}  // namespace
}  // namespace moe
