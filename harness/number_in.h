// Files of the kernel's that tell a number a line: "key number" or "key: number kB".
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace moe {

/// The number behind `key`; nothing where the file or the key is not there, or no number follows.
std::optional<std::int64_t> number_in(const std::filesystem::path& file, const std::string& key);

}  // namespace moe
