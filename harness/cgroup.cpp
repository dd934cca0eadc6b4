#include "harness/cgroup.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "harness/number_in.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

struct Groups {
  bool unified = true;            // version 2
  std::vector<fs::path> folders;  // the process's own first, then those around it
};

/// `path` and the folders around it, up to `top`.
std::vector<fs::path> up_to(const fs::path& top, const std::string& path) {
  std::vector<fs::path> out;
  for (fs::path inside = fs::path(path).relative_path(); !inside.empty();
       inside = inside.parent_path())
    out.push_back(top / inside);
  out.push_back(top);
  return out;
}

/// The groups that control `controller`. Lines of /proc/self/cgroup are "0::/a/b" in version 2 and
/// "4:cpu,cpuacct:/a/b" in version 1; where both are there, the controller is where it is named.
Groups groups_of(const fs::path& root, const std::string& controller) {
  const fs::path top = root / "sys/fs/cgroup";
  Groups out{.unified = true, .folders = {top}};
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (names.find("," + controller + ",") != std::string::npos)
      return {.unified = false, .folders = up_to(top / controller, path)};
    if (names == ",,") out.folders = up_to(top, path);
  }
  return out;
}

/// The first number in a file; nothing where there is no file or it says "max".
std::optional<std::int64_t> number_of(const fs::path& file) {
  std::ifstream in(file);
  std::int64_t value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

std::optional<std::int64_t> limit_of(const fs::path& group, bool unified) {
  constexpr std::int64_t kNoLimit = std::int64_t{1} << 60U;  // version 1 writes 2^63 less a page
  const auto limit = number_of(group / (unified ? "memory.max" : "memory.limit_in_bytes"));
  return limit && *limit < kNoLimit ? limit : std::nullopt;
}

std::int64_t used_in(const fs::path& group, bool unified) {
  const auto used = number_of(group / (unified ? "memory.current" : "memory.usage_in_bytes"));
  const std::string prefix = unified ? "" : "total_";  // version 1 counts the groups below apart
  const fs::path stat = group / "memory.stat";
  const std::int64_t cached = number_in(stat, prefix + "inactive_file").value_or(0) +
                              number_in(stat, prefix + "active_file").value_or(0);
  return std::max<std::int64_t>(0, used.value_or(0) - cached);
}

std::optional<double> quota_of(const fs::path& group, bool unified) {
  double allowed = 0, period = 0;
  if (unified) {
    std::ifstream in(group / "cpu.max");  // "max 100000" or "200000 100000"
    if (!(in >> allowed >> period)) return std::nullopt;
  } else {
    allowed = static_cast<double>(number_of(group / "cpu.cfs_quota_us").value_or(-1));
    period = static_cast<double>(number_of(group / "cpu.cfs_period_us").value_or(0));
  }
  if (allowed <= 0 || period <= 0) return std::nullopt;
  return allowed / period;
}

}  // namespace

std::optional<std::int64_t> cgroup_memory_limit(const fs::path& root) {
  const Groups groups = groups_of(root, "memory");
  std::optional<std::int64_t> least;
  for (const fs::path& group : groups.folders) {
    const auto limit = limit_of(group, groups.unified);
    if (limit && (!least || *limit < *least)) least = limit;
  }
  return least;
}

std::optional<std::int64_t> cgroup_memory_headroom(const fs::path& root) {
  const Groups groups = groups_of(root, "memory");
  std::optional<std::int64_t> least;
  for (const fs::path& group : groups.folders) {
    const auto limit = limit_of(group, groups.unified);
    if (!limit) continue;
    const std::int64_t left = std::max<std::int64_t>(0, *limit - used_in(group, groups.unified));
    if (!least || left < *least) least = left;
  }
  return least;
}

std::optional<std::int64_t> cgroup_memory_kills(const fs::path& root) {
  const Groups groups = groups_of(root, "memory");
  std::error_code none;
  for (const fs::path& group : groups.folders) {
    // In a container that sees the host's paths, the process's own group is the one at the top.
    const fs::path events = group / (groups.unified ? "memory.events" : "memory.oom_control");
    if (fs::exists(events, none)) return number_in(events, "oom_kill");
  }
  return std::nullopt;
}

std::optional<double> cgroup_cores(const fs::path& root) {
  const Groups groups = groups_of(root, "cpu");
  std::optional<double> least;
  for (const fs::path& group : groups.folders) {
    const auto quota = quota_of(group, groups.unified);
    if (quota && (!least || *quota < *least)) least = quota;
  }
  return least;
}

}  // namespace moe
