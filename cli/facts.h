// What the store keeps of targets and suites, computed from configs before anything is loaded.
#pragma once

#include <string>

#include "cli/plan.h"
#include "results/recorder.h"

namespace moe {

RunRow run_row(const Plan&, const std::string& command);

}  // namespace moe
