// sql "SELECT ...": a question to the store, which it cannot change.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/store_word.h"
#include "harness/error.h"

namespace moe {
namespace {

int run(const Arguments& arguments) {
  std::string query, db;
  bool json = false;
  CLI::App app("Runs one statement that reads; docs/store.md documents the schema.",
               "moebench sql");
  app.add_option("query", query, "the statement")->required();
  app.add_option("--db", db, "the store");
  app.add_flag("--json", json, "JSON Lines");
  if (const auto code = parse(app, arguments)) return *code;
  const Table table = query_read_only(store_file(db), query);
  for (const std::string& column : table.columns)
    require(!json || std::ranges::count(table.columns, column) == 1,
            "two columns are called \"{}\", and an object has each name once: AS renames one",
            column);
  print(table, json, "no rows");
  return kDone;
}

}  // namespace

extern const Command sql = {.name = "sql", .summary = "a read-only query to the store", .run = run};

}  // namespace moe
