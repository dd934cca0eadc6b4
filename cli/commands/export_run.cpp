// export samples: a run's questions and answers as JSON Lines.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.h"
#include "cli/store_word.h"
#include "cli/write_file.h"
#include "harness/error.h"
#include "results/export.h"

namespace moe {
namespace {

int run(const Arguments& arguments) {
  std::string what, format = "jsonl", out, db;
  ExportChoice choice;
  std::int64_t run_id = 0;
  CLI::App app("Writes a run's questions, answers and values as JSON Lines, one object a line.",
               "moebench export");
  app.add_option("what", what, "samples")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"samples"}));
  app.add_option("--format,-f", format, "jsonl")
      ->check(CLI::IsMember(std::vector<std::string>{"jsonl"}));
  app.add_option("--run", run_id, "the run's number; the newest otherwise");
  app.add_option("--target,-t", choice.target,
                 "the target's name or spec, where the run has several");
  app.add_option("--suite", choice.suite, "one suite, where several asked the same tasks");
  app.add_option("--point", choice.point,
                 "one point of it, as {\"shots\":5}, where there are several");
  app.add_option("--out,-o", out, "the file to write; stdout otherwise");
  app.add_option("--db", db, "the store");
  if (const auto code = parse(app, arguments)) return *code;
  const Store store(store_file(db), Access::read_only);
  if (run_id == 0) {
    const Table newest = store.query("SELECT max(id) FROM run");
    const auto* id = std::get_if<std::int64_t>(&newest.rows.at(0).at(0));
    require(id != nullptr, "{}: no run is stored yet", store.file().string());
    run_id = *id;
  }
  if (out.empty()) {
    export_samples(store, run_id, choice, std::cout);
    return kDone;
  }
  write_whole(out, [&](std::ostream& file) { export_samples(store, run_id, choice, file); });
  return kDone;
}

}  // namespace

extern const Command export_run = {
    .name = "export", .summary = "a run's questions and answers as JSON Lines", .run = run};

}  // namespace moe
