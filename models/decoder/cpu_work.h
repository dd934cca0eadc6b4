// What the kernels of the `cpu` table work with: its threads, and memory that stays.
#pragma once

#include <cstddef>
#include <cstdint>

#include "harness/thread_pool.h"
#include "kernels/packed/aligned.h"

namespace moe {

/// Memory that grows to what was ever asked of it.
class KeptMemory {
 public:
  /// At least so many bytes, aligned to 64, whatever is in them; valid until the next call.
  std::byte* bytes(std::int64_t count) {
    if (count > size_) {
      memory_.reset();
      memory_ = aligned_bytes(count);
      size_ = count;
    }
    return memory_.get();
  }

 private:
  AlignedBytes memory_;
  std::int64_t size_ = 0;
};

/// For one operation at a time.
struct CpuWork {
  explicit CpuWork(std::int64_t threads) : pool(threads) {}
  ThreadPool pool;
  KeptMemory workspace;
};

}  // namespace moe
