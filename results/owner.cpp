#include "results/owner.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "harness/error.h"

namespace moe {
namespace {

std::string boot() {
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  in >> id;
  return id;
}

/// "pid:[4026531836]": the inode of the PID namespace, in which a process number means something.
std::string name_space() {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/self/ns/pid", none).string();
}

struct ProcessStat {
  char state = ' ';   // Z and X: ended, and its parent has not asked yet
  std::string start;  // in clock ticks after boot; "" where there is no such process
};

/// Fields 3 and 22 of a process's stat line.
ProcessStat stat_of(const std::string& process) {
  std::ifstream in("/proc/" + process + "/stat");
  std::string line;
  std::getline(in, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  ProcessStat stat;
  fields >> stat.state;
  for (int i = 4; i <= 22; ++i) fields >> stat.start;
  return stat;
}

}  // namespace

std::string this_owner() {
  std::error_code none;  // the number that /proc knows this process by
  const std::string process = std::filesystem::read_symlink("/proc/self", none).string();
  const std::string start = stat_of("self").start;
  require(!process.empty() && !start.empty() && !name_space().empty(),
          "/proc is not mounted: a store is written by processes that /proc can tell apart");
  return fmt::format("{} {} {} {}", boot(), name_space(), process, start);
}

OwnerState state_of(const std::string& owner) {
  std::istringstream in(owner);
  std::string booted, space, process, start;
  in >> booted >> space >> process >> start;
  if (start.empty()) return OwnerState::dead;  // nobody
  if (booted != boot() || space != name_space()) return OwnerState::unseen;
  const ProcessStat stat = stat_of(process);
  const bool runs = stat.start == start && stat.state != 'Z' && stat.state != 'X';
  return runs ? OwnerState::alive : OwnerState::dead;
}

}  // namespace moe
