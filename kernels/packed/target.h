// The sets of vector instructions that packed kernels are compiled for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace moe {

/// Those that this machine has too, the best first: "AVX3", "AVX2", "SSE4".
std::vector<std::string> packed_targets();

/// Has the whole process do without those better than $MOEBENCH_INSTRUCTIONS, as a machine without
/// them would; before any kernel ran. Does nothing where that is not set, or empty; error where it
/// names none of packed_targets().
void limit_packed_targets();

/// Has the packed kernels of the whole process use this one while it lives; not while any is at
/// work, or what another one packed is in use. For tests and checks.
class UsePackedTarget {
 public:
  /// Error on one that is not among packed_targets().
  explicit UsePackedTarget(const std::string& name);
  ~UsePackedTarget();
  UsePackedTarget(const UsePackedTarget&) = delete;
  UsePackedTarget& operator=(const UsePackedTarget&) = delete;
};

}  // namespace moe
