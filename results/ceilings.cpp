#include "results/ceilings.h"

#include "harness/clock.h"
#include "results/catalogue.h"
#include "results/rows.h"

namespace moe {

void store_ceilings(Store& store, const Environment& environment, const std::string& build,
                    std::span<const CeilingRow> rows) {
  with_sqlite(store.file(), [&] {
    SQLite::Transaction transaction(store.connection().db, SQLite::TransactionBehavior::IMMEDIATE);
    const std::int64_t machine = environment_id(store, environment);
    const std::string now = utc_now();
    for (const CeilingRow& row : rows) {
      execute(
          store,
          "INSERT INTO ceiling (environment, measured_at, what, dtype, threads, unit, rate, low, "
          "high, build) VALUES (:environment, :now, :what, :dtype, :threads, :unit, :rate, :low, "
          ":high, :build)",
          {{"environment", machine},
           {"now", now},
           {"what", row.what},
           {"dtype", row.dtype},
           {"threads", row.threads},
           {"unit", row.unit},
           {"rate", row.rate.value},
           {"low", row.rate.low},
           {"high", row.rate.high},
           {"build", build}});
    }
    transaction.commit();
  });
}

}  // namespace moe
