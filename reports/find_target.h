// Which target a word means: its name, its spec, or its number in the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "results/store.h"

namespace moe {

struct NamedTarget {
  std::int64_t id = 0;
  std::string label;  // its name, with its number where others have the name too: "small #3"
};

/// "#3" and "3" are numbers, unless a target has that name. Nothing where no target is meant; Error
/// that lists them where several are.
std::optional<NamedTarget> find_target(const Store&, std::string_view what);

/// "a, b": the names there are, or "none".
std::string target_names(const Store&);

}  // namespace moe
