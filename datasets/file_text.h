// A file's text, for readers.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace moe {

/// Does the name stand for a file that comes with the program? "bundled:NAME.jsonl" is
/// datasets/examples/NAME.jsonl.
bool is_bundled(std::string_view file);

/// Error where the file cannot be read, or is not UTF-8; it names the byte.
std::string read_utf8(const std::filesystem::path&);

}  // namespace moe
