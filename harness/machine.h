// The machine a run ran on, as the store keeps it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace moe {

struct Environment {
  std::string host, cpu;
  std::int64_t cores = 0;         // this process may use (affinity and cgroup quota)
  std::int64_t memory_bytes = 0;  // this process may use
  std::string gpu, driver;        // "" without one
  std::string os;                 // distribution and kernel
  std::string facts_json = "{}";  // cpu flags, caches, governor, NUMA nodes, hypervisor

  /// sha256 of all fields: the same machine is stored once. Nothing in them changes by the minute.
  std::string digest() const;
};

Environment this_machine();

/// $MOEBENCH_INSTRUCTIONS: the best set of vector instructions that kernels may use; "": any. It is
/// a fact of the environment.
std::string instructions_limit();

/// The kernel's load average over the last minute; nothing where it does not tell. `root` stands
/// for "/".
std::optional<double> load_average(const std::filesystem::path& root = "/");

/// Processors that the system runs on, whatever this process may use of them: a load is of all.
std::int64_t online_processors();

/// Does this load keep more than half of the online processors at work?
bool is_busy(double load);

}  // namespace moe
