// One SQL statement through SQLite's own interface: prepared, bound by name, its rows as they are
// typed.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "results/store.h"

namespace moe {

struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

/// SQL in one line, as far as a message has room for it.
std::string shortened(const std::string& sql);

/// The one statement of `sql`; comments and semicolons around it are fine. Error on none, several,
/// or one that SQLite refuses; it shows the beginning of the SQL.
Statement prepare(sqlite3* db, const std::string& sql);

/// Binds every :name. Error on a parameter without a value.
void bind_all(sqlite3_stmt* statement, const std::vector<Parameter>& parameters);

/// Runs it to its end.
Table rows_of(sqlite3* db, sqlite3_stmt* statement);

}  // namespace moe
