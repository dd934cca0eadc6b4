// A fenced query of a report: its use, its caption, its directives, its SQL.
#pragma once

#include <string_view>

#include "reports/lines.h"
#include "reports/report.h"

namespace moe {

/// Reads up to the closing fence. `opening` is the line just taken from `lines`.
ReportFence read_fence(std::string_view opening, Lines& lines);

}  // namespace moe
