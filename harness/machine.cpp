#include "harness/machine.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <nlohmann/json.hpp>

#include "harness/cgroup.h"
#include "harness/child.h"
#include "harness/error.h"
#include "harness/memory.h"
#include "harness/sha256.h"

namespace moe {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// The text behind the first "key ... :" of /proc/cpuinfo.
std::string cpuinfo(const std::string& key) {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t colon = line.find(':');
    if (line.starts_with(key) && colon != std::string::npos && colon + 2 <= line.size())
      return line.substr(colon + 2);
  }
  return "";
}

std::int64_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::int64_t cores =
      sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : online_processors();
  const auto quota = cgroup_cores();
  if (quota) cores = std::min(cores, std::max<std::int64_t>(1, std::llround(*quota)));
  return cores;
}

std::string gpu_name() {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/proc/driver/nvidia/gpus", none)) {
    std::ifstream in(entry.path() / "information");
    for (std::string line; std::getline(in, line);) {
      if (!line.starts_with("Model:")) continue;
      const std::size_t begin = line.find_first_not_of(" \t", 6);
      return begin == std::string::npos ? "" : line.substr(begin);
    }
  }
  return "";
}

std::string operating_system() {
  std::string name = "Linux";
  std::ifstream in("/etc/os-release");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("PRETTY_NAME=\"") && line.size() > 14)
      name = line.substr(13, line.size() - 14);
  }
  utsname system{};
  uname(&system);
  return fmt::format("{}, kernel {} {}", name, system.release, system.machine);
}

OrderedJson cpu_flags() {
  std::istringstream all(" " + cpuinfo("flags") + " " + cpuinfo("Features"));
  constexpr std::array kWanted = {"avx2",        "fma",      "avx512f",  "avx512_bf16",
                                  "avx512_vnni", "avx_vnni", "amx_tile", "amx_bf16",
                                  "asimd",       "bf16",     "sve"};
  OrderedJson flags = OrderedJson::array();
  for (std::string flag; all >> flag;) {
    if (std::ranges::find(kWanted, flag) != kWanted.end()) flags.push_back(flag);
  }
  return flags;
}

OrderedJson caches() {
  OrderedJson sizes = OrderedJson::object();
  for (int index = 0; index < 4; ++index) {
    const fs::path cache = fmt::format("/sys/devices/system/cpu/cpu0/cache/index{}", index);
    std::error_code none;
    if (!fs::exists(cache / "size", none)) break;
    sizes[fmt::format("L{} {}", first_line(cache / "level"), first_line(cache / "type"))] =
        first_line(cache / "size");
  }
  return sizes;
}

std::string facts() {
  const std::string all_flags = cpuinfo("flags");
  OrderedJson json;
  json["cpu_flags"] = cpu_flags();
  json["caches"] = caches();
  json["governor"] = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  json["numa_nodes"] = first_line("/sys/devices/system/node/online");
  json["openmp_waiting"] = openmp_waiting();
  if (const std::string limit = instructions_limit(); !limit.empty())
    json["instructions_limit"] = limit;
  json["virtual_machine"] = all_flags.find(" hypervisor") != std::string::npos;
  return json.dump();
}

}  // namespace

std::string instructions_limit() {
  const char* limit = std::getenv("MOEBENCH_INSTRUCTIONS");
  return limit == nullptr ? "" : limit;
}

Environment this_machine() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::string cpu = cpuinfo("model name");
  if (cpu.empty()) cpu = cpuinfo("CPU part");
  return {
      .host = host.data(),
      .cpu = cpu.empty() ? "unknown" : cpu,
      .cores = usable_cores(),
      .memory_bytes = usable_bytes(),
      .gpu = gpu_name(),
      .driver = gpu_name().empty() ? "" : first_line("/proc/driver/nvidia/version"),
      .os = operating_system(),
      .facts_json = facts(),
  };
}

std::string Environment::digest() const {
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", host, cpu, cores, memory_bytes,
                                gpu, driver, os, facts_json));
}

std::optional<double> load_average(const fs::path& root) {
  std::ifstream in(root / "proc/loadavg");
  double value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

std::int64_t online_processors() {
  return sysconf(_SC_NPROCESSORS_ONLN);
}

bool is_busy(double load) {
  return load > 0.5 * static_cast<double>(online_processors());
}

}  // namespace moe
