// What a machine can do at most, as it was measured.
#pragma once

#include <span>
#include <string>

#include "harness/machine.h"
#include "harness/statistics.h"
#include "results/store.h"

namespace moe {

/// The columns of table `ceiling` (docs/store.md).
struct CeilingRow {
  std::string what, dtype;
  std::int64_t threads = 1;
  std::string unit;
  Estimate rate;
};

/// One measurement: all its rates, or none.
void store_ceilings(Store&, const Environment&, const std::string& build,
                    std::span<const CeilingRow>);

}  // namespace moe
