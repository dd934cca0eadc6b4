// The SQLite side of a Store, for the files of results/ only.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <source_location>

#include "harness/error.h"
#include "results/store.h"

namespace moe {

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
    throw Error(fmt::format("{}: SQLite: {}", file.string(), error.what()),
                std::source_location::current());
  }
}

}  // namespace moe
