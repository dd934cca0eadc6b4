// JSON that others wrote, read with care: a document that nests without end would overflow the
// stack of whatever walks over it later.
#pragma once

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <nlohmann/json_fwd.hpp>

namespace moe {

/// Error says `where`, and that the text is not JSON or nests deeper than 64 levels.
nlohmann::json read_json(std::string_view text, std::string_view where);

/// What an exception of nlohmann::json objects to, without its classification in front.
std::string reason_of(const std::exception&);

/// The bytes of a file; Error where it cannot be read.
std::string read_text(const std::filesystem::path&);

}  // namespace moe
