// The SQLite side of a Store, for the files of results/ only.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

#include <source_location>

#include "harness/error.h"
#include "results/store.h"

namespace moe {

inline constexpr int kBusyMilliseconds = 60000;  // how long a writer waits for the others

struct Store::Connection {
  std::filesystem::path file;
  SQLite::Database db;
};

/// Runs `work` and turns SQLite's exceptions into an Error that names the file.
template <typename Work>
auto with_sqlite(const std::filesystem::path& file, Work&& work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    if ((error.getErrorCode() & 0xff) == SQLITE_BUSY)
      throw Error(fmt::format("{}: another process has kept it locked for {} s; `fuser -v {}` "
                              "shows which, or write to a store of its own (--db FILE)",
                              file.string(), kBusyMilliseconds / 1000, file.string()),
                  std::source_location::current());
    const int kind = error.getErrorCode() & 0xff;
    const bool folder = kind == SQLITE_READONLY || kind == SQLITE_CANTOPEN;
    throw Error(fmt::format("{}: SQLite: {}{}", file.string(), error.what(),
                            folder ? "; the file and its folder must be writable, also to "
                                     "read: SQLite keeps files beside it"
                                   : ""),
                std::source_location::current());
  }
}

}  // namespace moe
