// Whether a config describes a model that can be: what no family's reading of config.json catches.
#pragma once

#include <string_view>

#include "models/config.h"

namespace moe {

/// Error names `where`, what is out of range, and what was found: sizes that are not positive,
/// heads that do not divide, more experts for a token than there are, and a model so large that its
/// sizes cannot be counted.
void check_config(const Config&, std::string_view where);

}  // namespace moe
