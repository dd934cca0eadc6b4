// Tiny models that between them have everything that a layer can be.
#pragma once

#include <map>
#include <string>

#include "models/config.h"

namespace moe {

std::map<std::string, Config> layer_kinds();

}  // namespace moe
