// Are targets those of a head's rows?
#pragma once

#include "models/decoder/ops.h"

namespace moe {

/// Error where rows do not ascend, are not among `rows`, or an id is not of the vocabulary.
void check_targets(const HeadTargets&, std::int64_t rows, std::int64_t vocab);

}  // namespace moe
