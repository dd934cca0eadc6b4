#include "cli/ceilings_table.h"

#include "harness/build_info.h"
#include "kernels/ceilings/ceilings.h"
#include "results/ceilings.h"

namespace moe {
namespace {

constexpr std::int64_t kPasses = 15;

CeilingRow row_of(const Ceiling& ceiling) {
  return {.what = std::string(ceiling.what),
          .dtype = std::string(ceiling.dtype),
          .threads = ceiling.threads,
          .unit = ceiling.what == kReadCeiling ? "B/s" : "FLOP/s",
          .rate = ceiling.rate};
}

}  // namespace

Table measure_ceilings(Store& store) {
  const Environment machine = this_machine();
  const std::int64_t bytes = read_buffer_bytes();
  std::vector<CeilingRow> rows;
  Table table{.columns = {"what", "dtype", "how", "threads", "rate", "low", "high", "unit"},
              .rows = {}};
  const auto add = [&](const Ceiling& ceiling) {
    const CeilingRow& row = rows.emplace_back(row_of(ceiling));
    table.rows.push_back({row.what, row.dtype, std::string(ceiling.how), row.threads,
                          row.rate.value, row.rate.low, row.rate.high, row.unit});
  };
  for (const std::int64_t threads : ceiling_threads(machine.cores)) {
    ThreadPool pool(threads);
    add(measure_read(pool, bytes, kPasses));
    for (const std::string_view dtype : {"f32", "bf16"})
      add(measure_multiply_add(pool, dtype, kPasses));
  }
  store_ceilings(store, machine, build_line(), rows);
  return table;
}

}  // namespace moe
