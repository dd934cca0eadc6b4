// Where numbers come from: the runs that the rows of an exhibit name.
#pragma once

#include <cstdint>
#include <vector>

#include "reports/article.h"

namespace moe {

/// Takes the columns that name runs (`run`, `…_run`; a cell is a number, or numbers between commas)
/// out of the table. The runs, ascending, each once.
std::vector<std::int64_t> take_runs(Table&);

std::vector<RunSource> read_sources(const Store&, const std::vector<std::int64_t>& runs);

}  // namespace moe
