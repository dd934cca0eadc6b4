// What this machine can do at most: reading memory that no cache holds, and multiplying and adding
// in registers. What kernels do is stated as a share of it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "harness/statistics.h"
#include "harness/thread_pool.h"

namespace moe {

/// A rate, with the 95 % interval of the median of its passes.
struct Ceiling {
  std::string_view what;   // "read" (bytes/s), or "multiply-add" (FLOP/s, two of each)
  std::string_view dtype;  // of what is multiplied, sums are float32; "" of reading
  std::string_view how;    // it is multiplied: "native", or "converted" to float32; "" of reading
  std::int64_t threads = 1;
  Estimate rate;
};

inline constexpr std::string_view kReadCeiling = "read", kMultiplyAddCeiling = "multiply-add";

/// Reads `buffer_bytes` of memory on large pages over and over, each task a part of its own in
/// order. They are to be many times what the caches hold. Error below a large page a thread.
Ceiling measure_read(ThreadPool&, std::int64_t buffer_bytes, std::int64_t passes);

/// With the best vector instructions of this machine that Highway knows. Of version 1.0 these
/// convert bf16 and multiply float32, whatever the machine has for it; `how` says what was done.
/// Error on a dtype that is neither f32 nor bf16.
Ceiling measure_multiply_add(ThreadPool&, std::string_view dtype, std::int64_t passes);

/// Enough for caches not to matter: 16 times what is shared by all of them, a gigabyte at least,
/// but no more than a quarter of what is available.
std::int64_t read_buffer_bytes();

/// 1, 2, ... as far as 8, then doubling, and all of them.
std::vector<std::int64_t> ceiling_threads(std::int64_t cores);

}  // namespace moe
