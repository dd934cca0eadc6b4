// What memory this process uses and may use, in bytes. Asked of the kernel at each call, from any
// thread.
#pragma once

#include <cstdint>
#include <string>

namespace moe {

/// "412 MB", "8.59 GB": three digits, SI prefixes.
std::string text_of_bytes(std::int64_t);

std::int64_t resident_bytes();
/// Largest resident size since the start or the last reset.
std::int64_t peak_resident_bytes();
/// Starts the peak afresh; false where the kernel does not let us.
bool reset_peak_resident();

/// What may still be taken: what the system has available, or what is left under a cgroup's limit
/// where that is less. Pages that only cache files count as available in both.
std::int64_t available_bytes();
/// Physical memory, or the cgroup's limit where that is less.
std::int64_t usable_bytes();

/// Kills for memory so far in this process's cgroup; -1 where it cannot be read.
std::int64_t out_of_memory_kills();

}  // namespace moe
