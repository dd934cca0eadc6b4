#include "results/statement.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {
namespace {

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

}  // namespace

std::string shortened(const std::string& sql) {
  constexpr std::size_t kMost = 160;
  std::string line;
  for (const char c : sql) {
    const bool space = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (!space) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.size() <= kMost) return line;
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return line.substr(0, end) + "…";
}

Statement prepare(sqlite3* db, const std::string& sql) {
  require(sql.find('\0') == std::string::npos, "a null character in: {}",
          shortened(sql.substr(0, sql.find('\0'))));
  Statement found;
  const char* at = sql.c_str();
  while (*at != '\0') {
    sqlite3_stmt* raw = nullptr;
    const char* const begin = at;
    const int code = sqlite3_prepare_v2(db, at, -1, &raw, &at);
    Statement next(raw);
    require(code == SQLITE_OK || !found, "one statement at a time; found a second one: {}",
            shortened(begin));
    require(code == SQLITE_OK, "SQLite: {}, in: {}", sqlite3_errmsg(db), shortened(sql));
    require(!next || !found, "one statement at a time; found a second one: {}", shortened(begin));
    if (next) found = std::move(next);
  }
  require(found != nullptr, "an empty query: \"{}\"", shortened(sql));
  return found;
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

Table rows_of(sqlite3* db, sqlite3_stmt* statement) {
  Table table;
  const int columns = sqlite3_column_count(statement);
  for (int c = 0; c < columns; ++c) table.columns.emplace_back(sqlite3_column_name(statement, c));
  int step = SQLITE_ROW;
  while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
    auto& row = table.rows.emplace_back();
    for (int c = 0; c < columns; ++c) row.push_back(cell_of(statement, c));
  }
  require(step == SQLITE_DONE, "SQLite: {}, in: {}", sqlite3_errmsg(db),
          shortened(sqlite3_sql(statement)));
  return table;
}

}  // namespace moe
