// Unfinished rows that one process each carries on: runs and trainings, by their columns owner and
// alive_at (results/owner.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "results/connection.h"

namespace moe {

/// A table of them, and its column that is the same in two rows that do the same.
struct OwnedTable {
  std::string_view name, sameness;
};
inline constexpr OwnedTable kRuns{"run", "plan"};
inline constexpr OwnedTable kTrainings{"training", "identity"};

/// The newest unfinished row with this sameness whose owner is gone: dead, or out of sight and
/// silent for kSilenceSeconds.
std::optional<std::int64_t> find_unfinished(const Store&, const OwnedTable&,
                                            const std::string& sameness);

/// Makes this process the owner.
void take_row_over(const Store&, const OwnedTable&, std::int64_t id);

/// Notes that this process still carries the row on; Error where another has taken it over.
void sign_of_life(const Store&, const OwnedTable&, std::int64_t id);

}  // namespace moe
