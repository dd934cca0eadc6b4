#include "models/decoder/head_targets.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {

void check_targets(const HeadTargets& targets, std::int64_t rows, std::int64_t vocab) {
  require(targets.row.size() == targets.id.size(), "{} rows and {} ids of targets",
          targets.row.size(), targets.id.size());
  require(std::ranges::is_sorted(targets.row) &&
              (targets.row.empty() || (targets.row.front() >= 0 && targets.row.back() < rows)),
          "targets of {} hidden rows: expected ascending ones of them", rows);
  for (const std::int64_t id : targets.id)
    require(id >= 0 && id < vocab, "target id {} of a vocabulary of {}", id, vocab);
}

}  // namespace moe
