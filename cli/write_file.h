// Files that verbs write: a whole new one, or the old one as it was.
#pragma once

#include <filesystem>
#include <functional>
#include <ostream>

namespace moe {

/// Error where `file` is an SQLite database: a store given as output by mistake would be lost, and
/// with it what was measured.
void refuse_database(const std::filesystem::path& file);

/// Lets `write` fill a file beside `file` and puts it in its place once all is there; an Error of
/// `write`, or a full disk, leaves what was there. What is no plain file, as /dev/stdout or a pipe,
/// is written to directly; a database is refused.
void write_whole(const std::filesystem::path& file,
                 const std::function<void(std::ostream&)>& write);

}  // namespace moe
