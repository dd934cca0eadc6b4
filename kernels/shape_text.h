// Shapes as people read them, of those operations whose implementations do not take every one.
#pragma once

#include <string>

#include "kernels/attention/attention.h"
#include "kernels/expert_gemm/expert_gemm.h"
#include "kernels/linear/linear.h"
#include "kernels/log_softmax_gather/log_softmax_gather.h"
#include "kernels/router/router.h"

namespace moe {

/// "32 query heads with 8 of keys, 128 and 128 wide".
std::string text_of(const AttentionShape&);
/// "64 experts of 2048 x 1024, 8 a token, bf16".
std::string text_of(const ExpertGemmShape&);
/// "512 outputs of 2048, bf16".
std::string text_of(const LinearShape&);
/// "a vocabulary of 50304, 2048 wide, bf16".
std::string text_of(const LogSoftmaxGatherShape&);
/// "64 experts, 8 a token".
std::string text_of(const RouterShape&);

}  // namespace moe
