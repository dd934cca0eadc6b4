// The keys behind a target's `@`: how they are written and which values they may have.
#pragma once

#include <cstdint>
#include <map>
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

/// Error names a key whose value is out of range or that the target's kind does not have.
void check_keys(const Target&);

}  // namespace moe
