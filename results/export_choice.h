// Which cases of a run an export is of.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/export.h"

namespace moe {

/// One case with questions.
struct ExportedCase {
  std::int64_t case_run = 0, version = 0, shots = 0;
  std::string suite, kind, point_json;
};

struct Exported {
  std::int64_t target = 0;  // row of the one target
  std::vector<ExportedCase> cases;
};

/// Error as export_samples.
Exported choose(const Store&, std::int64_t run, const ExportChoice&);

}  // namespace moe
