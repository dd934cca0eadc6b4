// How far an implementation is from the reference on this machine.
#pragma once

#include "kernels/expert_gemm/expert_gemm_case.h"

namespace moe {

/// Largest difference from the reference over what rounding explains, over shapes of known models
/// made small; 1 is as far as may be. Infinity where what should be a number is none.
double expert_gemm_difference(const ExpertGemm&);

}  // namespace moe
