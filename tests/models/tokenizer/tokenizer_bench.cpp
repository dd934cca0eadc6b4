// Bytes a second of encoding, on one thread: every field of the MMLU test set with each of the
// three tokenizers in $MOEBENCH_DATA. `cold` reads words for the first time, `warm` has seen them.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "datasets/csv.h"
#include "models/tokenizer/tokenizer.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

fs::path data_root() {
  const char* data = std::getenv("MOEBENCH_DATA");  // NOLINT(concurrency-mt-unsafe): one thread
  return data == nullptr ? fs::path() : fs::path(data);
}

std::vector<std::string> mmlu_fields() {
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(data_root() / "mmlu/data/test")) {
    for (CsvRecord& record : parse_csv(text_of(entry.path()), entry.path().string()))
      std::ranges::move(record.fields, std::back_inserter(out));
  }
  return out;
}

void encode(benchmark::State& state, const std::string& file, bool warm) {
  if (!fs::exists(data_root() / file)) {
    state.SkipWithError("MOEBENCH_DATA does not name a folder with the tokenizers and MMLU");
    return;
  }
  const std::vector<std::string> texts = mmlu_fields();
  std::int64_t bytes = 0;
  for (const std::string& text : texts) bytes += static_cast<std::int64_t>(text.size());
  auto tokenizer = std::make_unique<Tokenizer>(Tokenizer::load(data_root() / file));
  for (const std::string& text : texts) tokenizer->encode(text);
  for (auto unused : state) {
    state.PauseTiming();
    if (!warm) tokenizer = std::make_unique<Tokenizer>(Tokenizer::load(data_root() / file));
    state.ResumeTiming();
    for (const std::string& text : texts) benchmark::DoNotOptimize(tokenizer->encode(text));
  }
  state.SetBytesProcessed(state.iterations() * bytes);
}

const std::string kGpt2 = "tokenizers/gpt2/tokenizer.json";
const std::string kOlmo = "tokenizers/olmo/allenai_gpt-neox-olmo-dolma-v1_5.json";
const std::string kMixtral = "tokenizers/mixtral/tokenizer.json";

BENCHMARK_CAPTURE(encode, gpt2_cold, kGpt2, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, gpt2_warm, kGpt2, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, olmo_cold, kOlmo, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, olmo_warm, kOlmo, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, mixtral_cold, kMixtral, false)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(encode, mixtral_warm, kMixtral, true)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace moe
