// A file's text, for readers.
#pragma once

#include <filesystem>
#include <string>

namespace moe {

/// Error where the file cannot be read or is not UTF-8; it names the byte.
std::string read_utf8(const std::filesystem::path&);

}  // namespace moe
