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
  for (const std::int64_t threads : ceiling_threads(machine.cores)) {
    ThreadPool pool(threads);
    rows.push_back(row_of(measure_read(pool, bytes, kPasses)));
    for (const std::string_view dtype : {"f32", "bf16"})
      rows.push_back(row_of(measure_multiply_add(pool, dtype, kPasses)));
  }
  store_ceilings(store, machine, build_line(), rows);
  Table table{.columns = {"what", "dtype", "threads", "rate", "low", "high", "unit"}, .rows = {}};
  for (const CeilingRow& row : rows) {
    table.rows.push_back(
        {row.what, row.dtype, row.threads, row.rate.value, row.rate.low, row.rate.high, row.unit});
  }
  return table;
}

}  // namespace moe
