#include "harness/memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "harness/cgroup.h"

namespace moe {
namespace {

constexpr std::int64_t kKiB = 1024;

/// The number behind "key:" at the start of a line of a /proc file.
std::optional<std::int64_t> number_in(const std::filesystem::path& file, const std::string& key) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with(key)) continue;
    std::istringstream rest(line.substr(key.size()));
    if (rest.peek() == ':') rest.get();
    std::int64_t value = 0;
    if (rest >> value) return value;
  }
  return std::nullopt;
}

}  // namespace

std::int64_t resident_bytes() {
  return number_in("/proc/self/status", "VmRSS").value_or(0) * kKiB;
}

std::int64_t peak_resident_bytes() {
  return number_in("/proc/self/status", "VmHWM").value_or(0) * kKiB;
}

bool reset_peak_resident() {
  std::ofstream out("/proc/self/clear_refs");
  out << "5" << std::flush;
  return out.good();
}

std::int64_t available_bytes() {
  const std::int64_t system = number_in("/proc/meminfo", "MemAvailable").value_or(0) * kKiB;
  return std::min(system, cgroup_memory_headroom().value_or(system));
}

std::int64_t usable_bytes() {
  const std::int64_t system = number_in("/proc/meminfo", "MemTotal").value_or(0) * kKiB;
  return std::min(system, cgroup_memory_limit().value_or(system));
}

std::int64_t out_of_memory_kills() {
  return cgroup_memory_kills().value_or(-1);
}

}  // namespace moe
