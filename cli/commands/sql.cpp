// sql "SELECT ...": a question to the store, which it cannot change.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/print.h"

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
  print(query_read_only(db.empty() ? default_store() : std::filesystem::path(db), query), json,
        "no rows");
  return kDone;
}

}  // namespace

extern const Command sql = {.name = "sql", .summary = "a read-only query to the store", .run = run};

}  // namespace moe
