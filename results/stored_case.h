// What the store kept of a case: the raw data that its values are computed from.
#pragma once

#include <cstdint>
#include <string>

#include "results/recorder.h"
#include "results/store.h"

namespace moe {

/// Everything of one case in one run. Error where the file is broken.
StoredCase read_case(const Store&, std::int64_t case_run, const std::string& case_key);

}  // namespace moe
