// The operations table that a native engine runs on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/decoder/ops.h"

namespace moe {

/// The cpu table where `fast`, else LibTorch's on the device; on `threads` threads, 0: as many as
/// there are cores. LibTorch has one number of threads for the whole process, which is set here: a
/// process runs one engine at a time. Error: `fast` elsewhere than on the CPU, quantised weights
/// without it.
std::unique_ptr<Ops> native_ops(const std::string& device, const KeptAs& weights, bool fast,
                                std::int64_t threads);

}  // namespace moe
