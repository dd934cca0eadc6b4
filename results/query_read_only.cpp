// A statement of a stranger: it may look at everything and change nothing. Four guards: the file is
// opened to be read, the connection is set to query only, SQLite asks about everything a statement
// would do, and a prepared statement says itself whether it writes.
#include "results/connection.h"
#include "results/statement.h"

namespace moe {
namespace {

/// Pragmas that tell something about the file, with a table's name or without.
bool only_tells(std::string_view pragma, const char* argument) {
  for (const std::string_view known :
       {"table_list", "table_info", "table_xinfo", "index_list", "index_info", "index_xinfo",
        "foreign_key_list", "foreign_key_check", "database_list", "function_list",
        "compile_options", "integrity_check", "quick_check"}) {
    if (pragma == known) return true;
  }
  return argument == nullptr && (pragma == "user_version" || pragma == "journal_mode");
}

bool is_harmless(int action, const char* first, const char* second) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return true;
    case SQLITE_FUNCTION:
      return std::string_view(second) != "load_extension";
    case SQLITE_PRAGMA:
      return only_tells(first, second);
    case SQLITE_UPDATE:  // asked when a table-valued function, as json_each, declares its columns;
                         // a real one SQLite refuses itself
      return std::string_view(first) == "sqlite_master";
    default:
      return false;
  }
}

int ask(void* denied, int action, const char* first, const char* second, const char*, const char*) {
  if (is_harmless(action, first, second)) return SQLITE_OK;
  *static_cast<bool*>(denied) = true;
  return SQLITE_DENY;
}

}  // namespace

Table query_read_only(const std::filesystem::path& file, const std::string& sql) {
  const Store store(file, Access::read_only);
  sqlite3* db = store.connection().db.getHandle();
  with_sqlite(file, [&] { store.connection().db.exec("PRAGMA query_only = ON"); });
  bool denied = false;
  sqlite3_set_authorizer(db, ask, &denied);
  try {
    const Statement statement = prepare(db, sql);
    denied = sqlite3_stmt_readonly(statement.get()) == 0;
    bind_all(statement.get(), {});
    if (!denied) return rows_of(db, statement.get());
  } catch (const Error& error) {
    if (!denied) throw error.while_doing(file.string());
  }
  throw Error(fmt::format("{}: only statements that read are allowed, found: {}", file.string(),
                          shortened(sql)),
              std::source_location::current());
}

}  // namespace moe
