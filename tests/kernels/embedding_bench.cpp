// Every implementation of an embedding, as wide as OLMoE, with less of a vocabulary.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/embedding/embedding.h"
#include "kernels/packed/random_elements.h"
#include "tests/kernels/bench_rates.h"

namespace moe {
namespace {

void measure(benchmark::State& state, const Embedding& embedding, const EmbeddingShape& shape,
             std::int64_t T, std::int64_t threads) {
  ThreadPool pool(threads);
  std::mt19937 random(7);
  const std::vector<std::byte> table_VD = random_rows(shape.format, shape.V, shape.D, random);
  std::vector<std::int64_t> id_T;
  for (std::int64_t t = 0; t < T; ++t)
    id_T.push_back(
        static_cast<std::int64_t>(random() % static_cast<std::mt19937::result_type>(shape.V)));
  std::vector<float> y_TD(static_cast<std::size_t>(T * shape.D));
  for ([[maybe_unused]] const auto unused : state) {
    embedding.run(shape, {T, id_T.data(), table_VD.data(), y_TD.data()}, pool);
    benchmark::DoNotOptimize(y_TD.data());
  }
  state_rates(state, threads, 0,
              static_cast<double>(T * (row_bytes(shape.format, shape.D) + 4 * shape.D)));
}

const int kRegistered = [] {
  for (const Embedding* embedding : embeddings()) {
    for (const PackedFormat format : kPackedFormats) {
      for (const std::int64_t T : {1, 16, 512}) {
        for (const std::int64_t threads : {1, 2}) {
          const EmbeddingShape shape = {.V = 4096, .D = 2048, .format = format};
          const std::string name = "embedding/" + std::string(embedding->name) + "/" +
                                   std::string(name_of(format)) + "/D" + std::to_string(shape.D) +
                                   "/T" + std::to_string(T) + "/threads" + std::to_string(threads);
          benchmark::RegisterBenchmark(name.c_str(),
                                       [embedding, shape, T, threads](benchmark::State& state) {
                                         measure(state, *embedding, shape, T, threads);
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
