// The ceilings of this machine, measured and stored.
#pragma once

#include "results/store.h"

namespace moe {

/// Measures reads and multiply-adds at 1, 2, ... threads, seconds for each number, and stores them
/// all. Columns what, dtype, how (bf16 is multiplied: native or converted), threads, rate, low,
/// high, unit.
Table measure_ceilings(Store&);

}  // namespace moe
