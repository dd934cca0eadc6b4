// What two cases say of the questions or documents that both answered.
#pragma once

#include <vector>

#include "reports/change.h"

namespace moe {

/// One entry for each: 1 or 0 for a question right or wrong, with no units; the loss and the words
/// or bytes it is over for a document. Empty where a side does not keep the metric for each.
struct PairedRows {
  std::vector<double> a, b, units;
};

PairedRows paired_rows(const Store&, const ComparedValue& a, const ComparedValue& b);

}  // namespace moe
