// What the process takes of the heap: every malloc and its relatives, so operator new, tensors and
// aligned memory too, of all threads and libraries. Belongs to executables without sanitizers,
// which have a malloc of their own.
#pragma once

#include <cstdint>
#include <utility>

namespace moe {

struct Allocations {
  std::int64_t count = 0, bytes = 0;  // what is given back is not subtracted

  bool operator==(const Allocations&) const = default;
};

/// Since the process began.
Allocations allocations();

template <typename Work>
Allocations allocations_of(Work&& work) {
  const Allocations before = allocations();
  std::forward<Work>(work)();
  const Allocations after = allocations();
  return {.count = after.count - before.count, .bytes = after.bytes - before.bytes};
}

}  // namespace moe
