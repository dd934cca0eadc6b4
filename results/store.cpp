#include "results/store.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "harness/clock.h"
#include "harness/embedded.h"
#include "results/audit_view.h"
#include "results/connection.h"
#include "results/file_system.h"
#include "results/functions.h"
#include "results/statement.h"

namespace moe {

extern const std::span<const EmbeddedFile> kMigrations;  // results/migrations/*.sql, in order

namespace {

namespace fs = std::filesystem;

SQLite::Database open(const fs::path& file, Access access) {
  const bool in_memory = file == ":memory:";
  if (!in_memory) refuse_network(file);
  if (access == Access::read_only) require(fs::exists(file), "{}: no such store", file.string());
  const int flags = access == Access::read_only ? SQLite::OPEN_READONLY
                                                : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
  return {file.string(), flags, kBusyMilliseconds};
}

/// Turns the write-ahead log on. SQLite does not wait for others while it does so: two processes
/// that make one file would fail each other.
void use_write_ahead_log(SQLite::Database& db) {
  const double began_s = steady_seconds();
  for (;;) {
    try {
      db.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (const SQLite::Exception& error) {
      const bool busy = (error.getErrorCode() & 0xff) == SQLITE_BUSY;
      if (!busy || steady_seconds() - began_s > kBusyMilliseconds / 1e3) throw;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

/// One migration, one transaction: the schema and its number change together or not at all.
void migrate(SQLite::Database& db) {
  SQLite::Transaction transaction(db, SQLite::TransactionBehavior::IMMEDIATE);
  const int version =
      db.execAndGet("PRAGMA user_version").getInt();  // again: another process may have been first
  if (version < static_cast<int>(kMigrations.size())) {
    db.exec(std::string(kMigrations[static_cast<std::size_t>(version)].text));
    db.exec(fmt::format("PRAGMA user_version = {}", version + 1));
  }
  transaction.commit();
}

/// What the number in the file says of it. Error where this program cannot use it.
void check_version(const fs::path& file, int version, Access access) {
  const int newest = static_cast<int>(kMigrations.size());
  require(version <= newest,
          "{}: has schema {}, newer than this program's {}; use the program that wrote it or a "
          "newer one",
          file.string(), version, newest);
  require(version >= 0, "{}: has schema {}: no store, or a broken one", file.string(), version);
  require(access == Access::read_write || version == newest,
          "{}: has schema {}, this program reads {}; open it once with a verb that writes "
          "(moebench run) to bring it up to date",
          file.string(), version, newest);
}

/// Makes the tables of an empty file, or adds what newer versions of the schema have.
void bring_up_to_date(const fs::path& file, SQLite::Database& db) {
  const auto version = [&] { return db.execAndGet("PRAGMA user_version").getInt(); };
  // One statement, so one moment: another process may be making the tables.
  const bool strange = db.execAndGet(
                             "SELECT (SELECT user_version FROM pragma_user_version) = 0 "
                             "AND EXISTS (SELECT * FROM sqlite_master)")
                           .getInt() != 0;
  require(!strange, "{}: a database of another program (it has tables and no schema number)",
          file.string());
  use_write_ahead_log(db);
  db.exec("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
  while (version() < static_cast<int>(kMigrations.size())) migrate(db);
}

}  // namespace

std::string to_text(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *integer);
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{:.6g}", *real);
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return "";
}

Store::Store(const fs::path& file, Access access) {
  with_sqlite(file, [&] {
    connection_ = std::make_unique<Connection>(Connection{file, open(file, access)});
    add_functions(connection_->db.getHandle());
    check_version(file, schema_version(), access);
    if (access == Access::read_write) bring_up_to_date(file, connection_->db);
    add_audit_view(connection_->db);
  });
}

Store::Store(Store&&) noexcept = default;
Store::~Store() = default;

int Store::schema_version() const {
  return connection_->db.execAndGet("PRAGMA user_version").getInt();
}

const fs::path& Store::file() const {
  return connection_->file;
}

Table Store::query(std::string_view sql, const std::vector<Parameter>& parameters) const {
  sqlite3* db = connection_->db.getHandle();
  try {
    const Statement statement = prepare(db, std::string(sql));
    bind_all(statement.get(), parameters);
    return rows_of(db, statement.get());
  } catch (const Error& error) {
    throw error.while_doing(file().string());
  }
}

fs::path default_store(std::string_view otherwise) {
  const char* file = std::getenv("MOEBENCH_DB");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return file != nullptr && *file != '\0' ? fs::path(file) : fs::path(otherwise);
}

}  // namespace moe
