// What an exception that is none of this project says of a case.
#pragma once

#include <exception>

#include "harness/outcome.h"

namespace moe {

/// out_of_memory where its text says so (LibTorch and the allocator say it in words), else failed;
/// the reason is its first line.
Verdict verdict_of(const std::exception&);

}  // namespace moe
