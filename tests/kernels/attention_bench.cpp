// Every implementation of attention on the heads of OLMoE and of a model with grouped heads:
// decoding at some contexts, and a prompt.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/packed/aligned.h"
#include "kernels/packed/random_elements.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

/// Sequences of `context` cached tokens that bring `fresh` new ones each.
struct Workload {
  std::int64_t sequences, context, fresh;
};

void measure(benchmark::State& state, const PagedAttention& attention, const AttentionShape& shape,
             const Workload& load, std::int64_t threads) {
  ThreadPool pool(threads);
  std::mt19937 random(7);
  const std::int64_t each = (load.context + load.fresh + shape.B - 1) / shape.B;
  std::vector<std::int32_t> pages(static_cast<std::size_t>(each * load.sequences));
  std::iota(pages.begin(), pages.end(), 0);
  std::vector<AttendedRows> rows;
  for (std::int64_t s = 0; s < load.sequences; ++s) {
    rows.push_back({.begin = s * load.fresh,
                    .rows = load.fresh,
                    .position = load.context,
                    .pages = std::span(pages).subspan(static_cast<std::size_t>(s * each),
                                                      static_cast<std::size_t>(each))});
  }
  const std::int64_t T = load.sequences * load.fresh, all = each * load.sequences;
  const auto pages_by_lot = [&](std::int64_t each_page) {
    AlignedBytes memory = aligned_bytes(all * each_page * std::int64_t{sizeof(float)});
    const std::vector<float> lot = random_floats(all * each_page, random);
    std::ranges::copy(lot, reinterpret_cast<float*>(memory.get()));
    return memory;
  };
  const AlignedBytes keys = pages_by_lot(shape.key_floats());
  const AlignedBytes values = pages_by_lot(shape.value_floats());
  const std::vector<float> q = random_floats(T * shape.H * shape.d, random);
  const std::vector<float> k = random_floats(T * shape.G * shape.d, random);
  const std::vector<float> v = random_floats(T * shape.G * shape.e, random);
  std::vector<float> y(static_cast<std::size_t>(T * shape.H * shape.e));
  const AlignedBytes workspace =
      aligned_bytes(attention.workspace_bytes(shape, T, load.sequences, threads));
  for ([[maybe_unused]] const auto unused : state) {
    attention.run(shape,
                  {.sequences = rows,
                   .q_THd = q.data(),
                   .k_TGd = k.data(),
                   .v_TGe = v.data(),
                   .keys = reinterpret_cast<float*>(keys.get()),
                   .values = reinterpret_cast<float*>(values.get()),
                   .y_THe = y.data(),
                   .workspace = workspace.get()},
                  pool);
    benchmark::DoNotOptimize(y.data());
  }
  const std::int64_t cached = (load.context + load.fresh) * load.sequences;
  state_rates(state, threads, attention_flops(shape, rows),
              static_cast<double>(cached * shape.G * (shape.d + shape.e) * std::int64_t{4}));
}

constexpr AttentionShape kShapes[] = {
    {.H = 16, .G = 16, .d = 128, .e = 128, .B = 16, .scale = 0.088},
    {.H = 32, .G = 8, .d = 128, .e = 128, .B = 16, .scale = 0.088}};
constexpr Workload kLoads[] = {{1, 511, 1}, {1, 8191, 1}, {16, 511, 1}, {1, 0, 512}};

const int kRegistered = [] {
  for (const PagedAttention* attention : paged_attentions()) {
    if (attention->name == "reference") continue;  // minutes
    for (const AttentionShape& shape : kShapes) {
      for (const Workload& load : kLoads) {
        for (const std::int64_t threads : {1, 2}) {
          const std::string name =
              "attention/" + std::string(attention->name) + "/H" + std::to_string(shape.H) + "/G" +
              std::to_string(shape.G) + "/sequences" + std::to_string(load.sequences) + "/context" +
              std::to_string(load.context) + "/new" + std::to_string(load.fresh) + "/threads" +
              std::to_string(threads);
          benchmark::RegisterBenchmark(name.c_str(),
                                       [attention, shape, load, threads](benchmark::State& state) {
                                         measure(state, *attention, shape, load, threads);
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
