// Time of day for records, steady seconds for measuring.
#pragma once

#include <functional>
#include <string>

namespace moe {

/// RFC 3339 in UTC with milliseconds: "2026-01-31T23:59:59.123Z".
std::string utc_now();

/// Seconds on a clock that never steps back.
double steady_seconds();

/// A clock that a test can replace.
using Clock = std::function<double()>;

}  // namespace moe
