#include "results/store.h"

#include <sys/vfs.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "harness/embedded.h"
#include "results/connection.h"

namespace moe {

extern const std::span<const EmbeddedFile> kMigrations;  // results/migrations/*.sql, in order

namespace {

namespace fs = std::filesystem;

constexpr int kBusy_ms = 30000;  // how long a writer waits for another one

struct NetworkFileSystem {
  std::uint32_t type;  // statfs f_type
  std::string_view name;
};

constexpr auto kNetwork = std::to_array<NetworkFileSystem>({{0x6969, "NFS"},
                                                            {0x517B, "SMB"},
                                                            {0xFF534D42, "CIFS"},
                                                            {0xFE534D42, "SMB2"},
                                                            {0x564C, "NCP"},
                                                            {0x0BD00BD0, "Lustre"},
                                                            {0x47504653, "GPFS"},
                                                            {0x00C36400, "Ceph"},
                                                            {0x5346414F, "AFS"},
                                                            {0x7461636F, "OCFS2"},
                                                            {0x19830326, "BeeGFS"},
                                                            {0x65735546, "FUSE"}});

/// WAL keeps its index in memory shared by all processes: across machines that is not so.
void refuse_network(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  struct statfs about{};
  if (statfs(folder.c_str(), &about) != 0) return;  // opening says what is wrong with the folder
  const auto found = std::ranges::find(kNetwork, static_cast<std::uint32_t>(about.f_type),
                                       &NetworkFileSystem::type);
  require(found == kNetwork.end(),
          "{}: lies on a network file system ({}), where SQLite's write-ahead log is unsafe; keep "
          "a store on a local disk of each node (--db FILE) and copy the files together afterwards",
          file.string(), found == kNetwork.end() ? "" : found->name);
}

SQLite::Database open(const fs::path& file, Access access) {
  const bool in_memory = file == ":memory:";
  if (!in_memory) refuse_network(file);
  if (access == Access::read_only) require(fs::exists(file), "{}: no such store", file.string());
  const int flags = access == Access::read_only ? SQLite::OPEN_READONLY
                                                : SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE;
  return {file.string(), flags, kBusy_ms};
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

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, Finalize>;

/// One statement; `rest` is what stands behind it.
Prepared prepare(sqlite3* db, const std::string& sql, std::string_view* rest) {
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code =
      sqlite3_prepare_v2(db, sql.c_str(), static_cast<int>(sql.size()) + 1, &raw, &tail);
  Prepared statement(raw);
  require(code == SQLITE_OK, "SQLite: {} in: {}", sqlite3_errmsg(db), sql);
  require(statement != nullptr, "an empty query");
  if (rest != nullptr)
    *rest = std::string_view(sql).substr(static_cast<std::size_t>(tail - sql.c_str()));
  return statement;
}

void bind_cell(sqlite3_stmt* statement, int index, const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) {
    sqlite3_bind_int64(statement, index, *integer);
  } else if (const auto* real = std::get_if<double>(&cell)) {
    sqlite3_bind_double(statement, index, *real);
  } else if (const auto* text = std::get_if<std::string>(&cell)) {
    sqlite3_bind_text(statement, index, text->data(), static_cast<int>(text->size()),
                      SQLITE_TRANSIENT);
  } else {
    sqlite3_bind_null(statement, index);
  }
}

void bind_all(sqlite3_stmt* statement, const std::vector<Parameter>& parameters) {
  for (int index = 1; index <= sqlite3_bind_parameter_count(statement); ++index) {
    const char* name = sqlite3_bind_parameter_name(statement, index);
    require(name != nullptr && *name == ':', "a query may use named parameters (:name) only");
    const auto found = std::ranges::find(parameters, std::string_view(name + 1), &Parameter::name);
    require(found != parameters.end(), "the query's parameter {} has no value", name);
    bind_cell(statement, index, found->value);
  }
}

Cell cell_of(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(statement, column);
    case SQLITE_NULL:
      return nullptr;
    default: {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      return std::string(bytes == nullptr ? "" : bytes,
                         static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
    }
  }
}

Table rows_of(sqlite3* db, sqlite3_stmt* statement) {
  Table table;
  const int columns = sqlite3_column_count(statement);
  for (int c = 0; c < columns; ++c) table.columns.emplace_back(sqlite3_column_name(statement, c));
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
    auto& row = table.rows.emplace_back();
    for (int c = 0; c < columns; ++c) row.push_back(cell_of(statement, c));
  }
  require(step == SQLITE_DONE, "SQLite: {}", sqlite3_errmsg(db));
  return table;
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
    SQLite::Database& db = connection_->db;
    const int newest = static_cast<int>(kMigrations.size());
    const int version = schema_version();
    require(version <= newest,
            "{}: has schema {}, newer than this program's {}; use the program that wrote it or a "
            "newer one",
            file.string(), version, newest);
    if (access == Access::read_only) {
      require(version == newest,
              "{}: has schema {}, this program reads {}; open it once with a verb that writes "
              "(moebench run) to bring it up to date",
              file.string(), version, newest);
      return;
    }
    require(version > 0 || db.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0,
            "{}: a database of another program (it has tables and no schema number)",
            file.string());
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    while (schema_version() < newest) migrate(db);
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
    const Prepared statement = prepare(db, std::string(sql), nullptr);
    bind_all(statement.get(), parameters);
    return rows_of(db, statement.get());
  } catch (const Error& error) {
    throw error.while_doing(file().string());
  }
}

Table query_read_only(const fs::path& file, const std::string& sql) {
  const Store store(file, Access::read_only);
  sqlite3* db = store.connection().db.getHandle();
  std::string_view rest;
  const Prepared statement = prepare(db, sql, &rest);
  require(rest.substr(0, rest.find('\0')).find_first_not_of(" \t\r\n;") == std::string_view::npos,
          "one statement at a time; found a second one: {}", rest);
  require(sqlite3_stmt_readonly(statement.get()) != 0, "only statements that read are allowed: {}",
          sql);
  bind_all(statement.get(), {});
  return rows_of(db, statement.get());
}

fs::path default_store() {
  const char* file = std::getenv("MOEBENCH_DB");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return file != nullptr && *file != '\0' ? fs::path(file) : fs::path("moebench.sqlite");
}

}  // namespace moe
