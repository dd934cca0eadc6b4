// Which keys a query sees.
#pragma once

#include <algorithm>
#include <cstdint>

#include "models/config.h"

namespace moe {

/// The first position that a query sees, or any after it.
inline std::int64_t first_key_seen(const AttentionSpec& spec, std::int64_t query) {
  const std::int64_t in_window = spec.window ? query - *spec.window + 1 : 0;
  const std::int64_t in_chunk = spec.chunk ? query / *spec.chunk * *spec.chunk : 0;
  return std::max({std::int64_t{0}, in_window, in_chunk});
}

}  // namespace moe
