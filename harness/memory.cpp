#include "harness/memory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

namespace moe {
namespace {

constexpr std::int64_t kKiB = 1024;

/// The number behind "key:" or "key " at the start of a line of a /proc or cgroup file.
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

/// A cgroup file that holds one number, or "max".
std::optional<std::int64_t> number_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string word;
  if (!(in >> word)) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// The folder of this process in the unified hierarchy (cgroup v2).
std::filesystem::path cgroup() {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("0::/")) return std::filesystem::path("/sys/fs/cgroup") / line.substr(4);
  }
  return "/sys/fs/cgroup";
}

/// The least of `file` over the cgroup and the groups it lies in.
std::optional<std::int64_t> least_limit(std::int64_t* used) {
  std::optional<std::int64_t> least;
  for (std::filesystem::path group = cgroup(); group.native().starts_with("/sys/fs/cgroup");
       group = group.parent_path()) {
    const auto limit = number_of(group / "memory.max");
    if (limit && (!least || *limit < *least)) {
      least = limit;
      if (used != nullptr) *used = number_of(group / "memory.current").value_or(0);
    }
    if (group == "/sys/fs/cgroup") break;
  }
  return least;
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
  std::int64_t used = 0;
  const auto limit = least_limit(&used);
  return limit ? std::min(system, std::max<std::int64_t>(0, *limit - used)) : system;
}

std::int64_t usable_bytes() {
  const std::int64_t system = number_in("/proc/meminfo", "MemTotal").value_or(0) * kKiB;
  return std::min(system, least_limit(nullptr).value_or(std::numeric_limits<std::int64_t>::max()));
}

std::int64_t out_of_memory_kills() {
  return number_in(cgroup() / "memory.events", "oom_kill ").value_or(-1);
}

}  // namespace moe
