// What the kernels of the `cpu` table work with: its threads, and memory that stays from step to
// step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/thread_pool.h"
#include "kernels/packed/aligned.h"
#include "models/decoder/kept_tensors.h"

namespace moe {

/// Memory of one purpose, as much as steps ask for.
class KeptMemory {
 public:
  /// At least so many bytes, aligned to 64, whatever is in them; valid until the next call.
  std::byte* bytes(std::int64_t count) {
    if (count > size_) {
      free();  // before its successor is made: both are never there
      memory_ = aligned_bytes(count);
      size_ = count;
    }
    used_ = std::max(used_, count);
    return memory_.get();
  }

  /// Lets go of it where the step before had use for little.
  void begin_step() {
    if (is_too_much(size_, used_)) free();
    used_ = 0;
  }

  std::int64_t size() const { return size_; }

 private:
  void free() {
    memory_.reset();
    size_ = 0;
  }

  AlignedBytes memory_;
  std::int64_t size_ = 0, used_ = 0;  // used: at most, since begin_step()
};

/// What is chosen where there is one MLP: expert 0, with weight 1.
class OnlyChoice {
 public:
  /// Of so many rows at least.
  const OnlyChoice& of(std::int64_t rows) {
    const auto count = static_cast<std::size_t>(rows);
    if (count > expert_T_.size()) {
      weight_T_.assign(count, 1);
      expert_T_.assign(count, 0);
    }
    return *this;
  }

  const std::int32_t* expert_T() const { return expert_T_.data(); }
  const float* weight_T() const { return weight_T_.data(); }
  static constexpr std::int64_t kRowBytes = sizeof(std::int32_t) + sizeof(float);
  std::int64_t bytes() const { return std::ssize(expert_T_) * kRowBytes; }

 private:
  std::vector<std::int32_t> expert_T_;
  std::vector<float> weight_T_;
};

/// For one operation at a time.
struct CpuWork {
  explicit CpuWork(std::int64_t threads) : pool(threads) {}

  void begin_step() {
    workspace.begin_step();
    tensors.begin_step();
  }
  std::int64_t bytes() const { return workspace.size() + tensors.bytes() + only.bytes(); }

  ThreadPool pool;
  KeptMemory workspace;  // within an operation
  KeptTensors tensors;   // what operations return
  OnlyChoice only;
};

}  // namespace moe
