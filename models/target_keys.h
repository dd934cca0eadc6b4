// The keys behind a target's `@`: how they are written and which values they may have.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "models/target.h"

namespace moe {

/// `text` with %40 and %2C in it as `@` and `,`.
std::string unescaped(std::string_view text);

/// "key=value,..."; Error names `spec` and what is unknown, given twice or not key=value.
std::map<std::string, std::string> parse_keys(std::string_view text, std::string_view spec);

/// "512MiB", "2GB" or a number of bytes; Error names the target and the key.
std::int64_t bytes_of_key(const Target&, std::string_view key, std::string_view text);
/// WHAT@key=value,... as resolve_target reads it.
std::string spec_of(const std::string& what, const std::map<std::string, std::string>& keys);

/// `other`, or where that is but "@key=value,...", the target of `spec` with these keys.
std::string other_target(std::string_view spec, const std::string& other);

/// The target that a target's numbers are held against: the same with numerics=reference and its
/// weights not quantised. Nothing where it is its own.
std::optional<std::string> reference_of(std::string_view spec);

/// Error names a key whose value is out of range or that the target's kind does not have.
void check_keys(const Target&);

}  // namespace moe
