// What doctor says of machine and build, for who wants to know it first.
#pragma once

#include "results/store.h"

namespace moe {

/// Columns what, found, remark.
Table machine_table();

}  // namespace moe
