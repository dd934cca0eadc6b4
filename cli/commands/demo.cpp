// demo: the bundled pair through accuracy, speed, memory and sparsity, to a report.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command.h"
#include "cli/machine_table.h"
#include "cli/print.h"
#include "cli/run_plan.h"
#include "cli/show_report.h"
#include "cli/store_word.h"
#include "cli/tell.h"
#include "cli/write_file.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "models/library.h"

namespace moe {
namespace {

constexpr double kSampled_s = 5;  // of a shape, where noise keeps its interval wide

/// Small enough for two minutes on two cores.
const Settings& demo_settings() {
  static const Settings kSettings = {{"prefill.batch", {"1", "4"}},
                                     {"prefill.length", {"128", "512"}},
                                     {"decode.batch", {"1", "4", "16"}},
                                     {"decode.context", {"128"}},
                                     {"sparsity.top_k", {"1", "2", "4", "8"}}};
  return kSettings;
}

int run(const Arguments& arguments) {
  std::string db = "demo.sqlite", out = "demo.html";
  CLI::App app(
      "Runs the bundled pair of models and writes a report: no download, about two minutes.",
      "moebench demo");
  app.add_option("--db", db, "the store");
  app.add_option("--out,-o", out, "the report");
  if (const auto code = parse(app, arguments)) return *code;
  const std::filesystem::path file = store_file(db);
  refuse_database(out);
  const auto pair = std::ranges::find(pairs(), "demo", &Pair::name);
  require(pair != pairs().end(), "the bundled pair \"demo\" is missing");
  const double began = steady_seconds();
  tell("{}\n{} against {}\n", to_terminal(machine_table(), ""), pair->moe, pair->dense);
  const Plan plan = make_plan({.suites = {"world", "prefill", "decode", "memory", "sparsity"},
                               .targets = {pair->moe, pair->dense},
                               .settings = demo_settings(),
                               .timeout_s = kSampled_s});
  Store store(file);
  const PlanRun done = run_plan(plan, store, with_own_workers("moebench demo"));
  if (!done.ended) return done.code;
  const std::vector<Parameter> names = {{"moe", plan.targets.front().target.name},
                                        {"dense", plan.targets.back().target.name}};
  const Article article = build_article(find_report("pair"), store, names);
  write_article(article, find_format("md"), {});
  write_article(article, find_format("html"), out);
  tell("{}\nTook {:.0f} s. The report is {}, the measurements are in {}.\n", pair->note,
       steady_seconds() - began, out, db);
  return done.code;
}

}  // namespace

extern const Command demo = {
    .name = "demo",
    .summary = "the bundled pair through everything, to a report, in two minutes",
    .run = run};

}  // namespace moe
