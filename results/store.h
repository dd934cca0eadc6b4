// The results database: one SQLite file. Nothing outside results/ sees SQLite.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace moe {

/// A cell as SQLite typed it.
using Cell = std::variant<std::nullptr_t, std::int64_t, double, std::string>;
std::string to_text(const Cell&);  // null is ""

struct Table {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

struct Parameter {
  std::string name;  // bound as :name
  Cell value;
};

enum class Access : std::uint8_t { read_write, read_only };

class Store {
 public:
  /// Opens the file, creating it when missing (read_write), and brings its schema up to date.
  /// Refuses a newer file, a file that is no database, and a network file system (WAL is unsafe
  /// there), each with what to do. Several processes may read and write one file at once.
  explicit Store(const std::filesystem::path& file, Access = Access::read_write);
  Store(Store&&) noexcept;
  ~Store();

  /// Runs one statement; comments and semicolons around it are fine, a second one is an Error.
  /// Parameters the statement does not name are ignored; one it names and that is missing is an
  /// Error.
  Table query(std::string_view sql, const std::vector<Parameter>& parameters = {}) const;

  int schema_version() const;
  const std::filesystem::path& file() const;

  struct Connection;
  Connection& connection() const { return *connection_; }

 private:
  std::unique_ptr<Connection> connection_;
};

/// Runs one statement that reads, on a store opened read-only. Error, which names the file, on
/// several statements and on one that does anything but read (ATTACH and most PRAGMAs included).
Table query_read_only(const std::filesystem::path& file, const std::string& sql);

/// $MOEBENCH_DB, else `otherwise`.
std::filesystem::path default_store(std::string_view otherwise = "moebench.sqlite");

}  // namespace moe
