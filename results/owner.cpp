#include "results/owner.h"

#include <unistd.h>
#include <fmt/format.h>

#include <fstream>
#include <sstream>

namespace moe {
namespace {

std::string boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  in >> id;
  return id;
}

/// When a process started, in clock ticks after boot: field 22 of its stat line; "" where there is
/// none.
std::string start_of(const std::string& process) {
  std::ifstream in("/proc/" + process + "/stat");
  std::string line;
  std::getline(in, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return "";
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return field;
}

}  // namespace

std::string this_owner() {
  return fmt::format("{} {} {}", boot(), getpid(), start_of("self"));
}

bool is_alive(const std::string& owner) {
  std::istringstream in(owner);
  std::string booted, process, start;
  in >> booted >> process >> start;
  return booted == boot() && !start.empty() && start_of(process) == start;
}

}  // namespace moe
