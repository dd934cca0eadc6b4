// On which file system a store lies: SQLite's write-ahead log needs a local one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace moe {

/// The name of a network file system (or one that may be, as FUSE) by its number in statfs(2); ""
/// of any other.
std::string_view network_file_system(std::uint32_t type);

/// The folder in which opening `file` makes its file and its log: that of the target where `file`
/// is a symbolic link, be the target there or not. Error on links that lead in a circle.
std::filesystem::path folder_of(const std::filesystem::path& file);

/// Error where `file` lies on a network file system, with what to do instead.
void refuse_network(const std::filesystem::path& file);

}  // namespace moe
