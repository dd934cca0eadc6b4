// What the user's words mean in a store, and which store.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "results/store.h"

namespace moe {

/// The store's file: --db, else the default one ($MOEBENCH_DB, else `otherwise`). Error where it
/// can be none: a folder, a file in a folder that is not there, a name by which SQLite means no
/// file.
std::filesystem::path store_file(const std::string& db,
                                 std::string_view otherwise = "moebench.sqlite");

/// The target that `word` means: as the store knows it (name, spec, number); else, where it is a
/// spec, the number of the one that has its identity. `word` itself where the store has none; Error
/// where a spec means nothing here either.
std::string target_word(const Store&, const std::string& word);

}  // namespace moe
