// What a table asks of what comes back to it.
#pragma once

#include "harness/error.h"
#include "models/decoder/ops.h"

namespace moe {

/// What this table made of a weight; Error where another one did, or for another operation.
template <typename Kept>
const Kept& prepared_as(const Prepared& prepared) {
  const auto* mine = dynamic_cast<const Kept*>(&prepared);
  require(mine != nullptr, "a weight prepared by another table, or for another operation");
  return *mine;
}

/// A step as this table prepared it; Error where another one did.
template <typename Mine>
const Mine& begun_as(const TableStep& step) {
  const auto* mine = dynamic_cast<const Mine*>(&step);
  require(mine != nullptr, "a step begun by another table");
  return *mine;
}

}  // namespace moe
