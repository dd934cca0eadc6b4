// What steps of the `cpu` table work in, from the config alone.
#pragma once

#include <cstdint>

#include "kernels/packed/packed_matrix.h"
#include "models/config.h"
#include "models/cost.h"

namespace moe {

/// Bytes that are held behind steps of a load whose sequences lie on pages, beside weights, keys
/// and values: the results of operations that are there at a time, the widest workspace, and what
/// the layers share. The scored rows' logits are among them; where only some log-probabilities are
/// asked it is less.
std::int64_t cpu_workspace_bytes(const Config&, const StepLoad&, PackedFormat,
                                 std::int64_t threads);

}  // namespace moe
