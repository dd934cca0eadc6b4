#include "tests/reports/fixture.h"

#include <unistd.h>
#include <fmt/format.h>

#include <atomic>
#include <cmath>
#include <string>
#include <vector>

#include "tests/reports/filler.h"

namespace moe::testing {
namespace {

std::filesystem::path fresh_folder() {
  static std::atomic<int> count = 0;
  const auto folder = std::filesystem::temp_directory_path() /
                      fmt::format("moebench-reports-{}-{}", getpid(), count++);
  std::filesystem::create_directories(folder);
  return folder;
}

void add_targets(const Filler& filler) {
  const std::string columns =
      "id, identity, name, spec, family, dtype, numerics, experts, experts_per_token, "
      "parameters_total, parameters_active, weight_bytes, facts";
  filler.insert("target", columns,
                {1, "a", kMixture, "synthetic:small-8x", "mixtral", "bf16", "fast", 8, 2,
                 30'412'800, 11'538'432, 60'825'600, R"({"device":"cpu"})"});
  filler.insert("target", columns,
                {2, "b", kDense, "synthetic:small-dense", "llama", "bf16", "fast", 0, 0, 11'534'336,
                 11'534'336, 23'068'672, "{}"});
  filler.insert("target", columns,
                {3, "c", kHostile, "x", "llama", "f32", "fast", 0, 0, 1000, 1000, 4000, "{}"});
}

void add_runs(const Filler& filler) {
  filler.insert("environment", "id, digest, host, cpu, cores, memory_bytes, gpu, driver, os, facts",
                {1, "e", "bench-1", "Xeon 8480+", 2, 8'589'934'592, "", "", "Debian 12", "{}"});
  for (const std::string day : {"2026-02-01", "2026-02-28"}) {  // only the newest one counts
    const double rate = day == "2026-02-01" ? 1.0 : 1.2e10;
    const std::string ceiling =
        "environment, measured_at, what, dtype, threads, unit, rate, low, high, build";
    for (const std::int64_t threads : {1, 2}) {
      const double all = rate * static_cast<double>(threads);
      filler.insert("ceiling", ceiling,
                    {1, day, "read", "", threads, "B/s", all, all, all, "moebench 0.1.0"});
      filler.insert("ceiling", ceiling,
                    {1, day, "multiply-add", "f32", threads, "FLOP/s", 8 * all, 8 * all, 8 * all,
                     "moebench 0.1.0"});
    }
  }
  const std::string columns =
      "id, started_at, ended_at, plan, command, question_limit, build, owner, environment";
  filler.insert("run", columns,
                {1, "2026-03-01T10:00:00Z", "2026-03-01T10:02:00Z", "p", "moebench demo", 20,
                 "moebench 0.1.0 abc1234", "", 1});
  filler.insert("run", columns,
                {2, "2026-03-02T10:00:00Z", nullptr, "q", "moebench run decode --target x", -1,
                 "moebench 0.1.0 abc1234", "", 1});
  const std::string launch = "id, run, target, number, started_at, load_s, exit";
  for (std::int64_t id = 1; id <= 4; ++id) {
    filler.insert("launch", launch,
                  {id, 1, (id - 1) / 2 + 1, (id - 1) % 2, "2026-03-01T10:00:00Z", 0.8, "done"});
  }
  filler.insert("launch", launch, {5, 2, 1, 0, "2026-03-02T10:00:00Z", 0.8, "killed by signal 9"});
}

void add_speed(Filler& filler, std::int64_t target) {
  const double cost = target == 1 ? 1.35 : 1;  // the mixture is slower
  for (const std::int64_t context : {128, 1024}) {
    for (const std::int64_t batch : {1, 4, 16}) {
      const double step_s =
          (0.004 + 0.0004 * static_cast<double>(batch) + 1e-6 * static_cast<double>(context)) *
          cost;
      const std::int64_t c = filler.add_case(
          1, target, "decode", fmt::format(R"({{"batch":{},"context":{}}})", batch, context));
      const double tokens_per_s = static_cast<double>(batch) / step_s;
      filler.add_value(c, {"tokens_per_s", tokens_per_s, tokens_per_s * 0.02, 40});
      filler.add_value(c, {"step_s", step_s, step_s * 0.02, 40});
      for (std::int64_t launch = 0; launch < 2; ++launch) {
        const auto sample = [&](const char* metric, double value) {
          filler.insert("sample", "case_run, launch, metric, scope, \"index\", value",
                        {c, target * 2 - 1 + launch, metric, "", 0, value});
        };
        sample("step_s", step_s * (1 + 0.001 * static_cast<double>(launch)));
        sample("step_bytes", 6e9 * step_s);
        sample("step_flops", 4.8e10 * step_s);
      }
    }
  }
  for (const std::int64_t length : {128, 512}) {
    const std::int64_t c =
        filler.add_case(1, target, "prefill", fmt::format(R"({{"batch":1,"length":{}}})", length));
    const double tokens_per_s = 21'000 / cost + static_cast<double>(length);
    filler.add_value(c, {"tokens_per_s", tokens_per_s, tokens_per_s * 0.01, 40});
  }
}

void add_memory(Filler& filler, std::int64_t target) {
  const std::int64_t c = filler.add_case(1, target, "memory", "{}");
  const bool mixture = target == 1;
  filler.add_value(c, {"weight_bytes", 8'388'608, 0, 1, "embedding"});
  filler.add_value(c, {"weight_bytes", 4'194'304, 0, 1, "attention"});
  if (mixture) filler.add_value(c, {"weight_bytes", 32'768, 0, 1, "router"});
  filler.add_value(c, {"weight_bytes", mixture ? 48209920.0 : 10485760.0, 0, 1,
                       mixture ? "experts" : "feed_forward"});
  filler.add_value(c, {"weight_bytes", mixture ? 60825600.0 : 23068672.0, 0, 1});
  filler.add_value(c, {"kv_bytes_per_token", 4096, 0, 1});
  for (const char* metric : {"workspace_bytes", "predicted_workspace_bytes"})
    filler.add_value(c, {metric, mixture ? 1.5e6 : 0.9e6, 0, 1});
  filler.add_value(c, {"peak_resident_bytes", mixture ? 412e6 : 371e6, 0, 1});
}

void add_bad_run(Filler& filler) {
  filler.add_case(2, 1, "decode", R"({"batch":64,"context":8192})", "out_of_memory",
                  "the step needs 9.1 GB; the process may use 8.6 GB");
  filler.add_case(2, 3, "decode", R"({"batch":1,"context":128})", "failed", kHostile);
  filler.add_case(2, 3, "memory", "{}", "pending");
  const std::int64_t c = filler.add_case(2, 3, "prefill", R"({"batch":1,"length":64})");
  filler.add_value(c, {"tokens_per_s", 1234.5, 10, 10});
}

}  // namespace

TemporaryStore::TemporaryStore() : folder_(fresh_folder()), store_(folder_ / "results.sqlite") {}

TemporaryStore::~TemporaryStore() {
  std::error_code ignored;  // a file left in the temporary folder harms nobody
  std::filesystem::remove_all(folder_, ignored);
}

void fill(const Store& store) {
  Filler filler(store);
  store.query("BEGIN");
  add_targets(filler);
  add_runs(filler);
  add_trainings(filler);
  for (const std::int64_t target : {1, 2}) {
    add_accuracy(filler, target);
    add_perplexity(filler, target);
    add_speed(filler, target);
    add_memory(filler, target);
  }
  add_sparsity(filler);
  add_pruning(filler);
  add_specialisation(filler);
  add_audits(filler);
  add_bad_run(filler);
  store.query("COMMIT");
}

}  // namespace moe::testing
