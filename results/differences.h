// In which facts two descriptions differ.
#pragma once

#include <string>
#include <string_view>

namespace moe {

/// Of two JSON objects: "os: Debian 12 → Debian 13; caches L2: 1M → 2M", in the order of the first
/// one, then those that only the second one has. What one of them does not say, or leaves empty, is
/// "none". At most six, and how many more; "" where nothing differs.
std::string differences(std::string_view a_json, std::string_view b_json);

}  // namespace moe
