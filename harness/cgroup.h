// The limits of the control groups this process lies in, versions 1 and 2. A group's limit holds
// for all below it, so each answer is over the process's own group and all around it.
//
// `root` stands for "/": the folder that holds proc/self/cgroup and sys/fs/cgroup. Stateless: may
// be called from any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace moe {

/// The least memory limit, in bytes; nothing where there is none.
std::optional<std::int64_t> cgroup_memory_limit(const std::filesystem::path& root = "/");

/// Bytes that may still be taken under all limits (>= 0); pages that only cache files count as
/// free, since the kernel drops them before it kills. Nothing where there is no limit.
std::optional<std::int64_t> cgroup_memory_headroom(const std::filesystem::path& root = "/");

/// Kills for memory so far in the innermost group that can be seen; nothing where none tells.
std::optional<std::int64_t> cgroup_memory_kills(const std::filesystem::path& root = "/");

/// The least CPU quota, in cores; nothing where there is none.
std::optional<double> cgroup_cores(const std::filesystem::path& root = "/");

}  // namespace moe
