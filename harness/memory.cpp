#include "harness/memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "harness/cgroup.h"
#include "harness/number_in.h"

namespace moe {
namespace {

constexpr std::int64_t kKiB = 1024;

}  // namespace

std::string text_of_bytes(std::int64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; std::abs(value) >= 999.5; ++unit) value /= 1000;  // 999.6 would be shown as 1000
  const int decimals = unit == 0 || std::abs(value) >= 99.95 ? 0 : std::abs(value) >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits.at(unit));
}

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
