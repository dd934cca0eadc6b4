// What stands under accuracies: whether audits found that a target's scores depend on what else was
// asked, and how far they are from the reference.
#pragma once

#include <string>

#include "reports/compare.h"

namespace moe {

/// A line of Markdown for each target of the two sides, and one for those that were not audited.
std::string audits_text(const Store&, const Side& a, const Side& b);

}  // namespace moe
