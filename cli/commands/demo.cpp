// demo: the bundled models through accuracy, speed, memory and sparsity, to two reports.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

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

constexpr double kSampled_s = 3;  // of a shape, where noise keeps its interval wide

constexpr auto kPairs = std::to_array<std::string_view>({"demo", "demo-large"});
// Memory first: what other cases leave in the process counts in its peak.
constexpr auto kSuites =
    std::to_array<const char*>({"memory", "world", "world_letters", "specialisation", "prefill",
                                "decode", "sparsity", "pruning"});

/// Small enough for a minute on two cores.
const Settings& demo_settings() {
  static const Settings kSettings = {{"world_letters.shots", {"0"}},
                                     {"prefill.batch", {"1", "8"}},
                                     {"prefill.length", {"256"}},
                                     {"decode.batch", {"1", "4", "16", "64"}},
                                     {"decode.context", {"128"}},
                                     {"memory.batch", {"1", "64"}},
                                     {"memory.context", {"128"}},
                                     {"sparsity.top_k", {"1", "2", "3", "4"}},
                                     {"pruning.experts", {"0", "48", "32", "16"}}};
  return kSettings;
}

std::vector<Pair> demo_pairs() {
  std::vector<Pair> found;
  for (const std::string_view name : kPairs) {
    const auto pair = std::ranges::find(pairs(), name, &Pair::name);
    require(pair != pairs().end(), "the bundled pair \"{}\" is missing", name);
    found.push_back(*pair);
  }
  return found;
}

/// All models of the pairs, each once.
std::vector<std::string> targets_of(const std::vector<Pair>& of) {
  std::vector<std::string> targets;
  for (const Pair& pair : of) {
    for (const std::string& target : {pair.moe, pair.dense}) {
      if (std::ranges::find(targets, target) == targets.end()) targets.push_back(target);
    }
  }
  return targets;
}

/// "demo.html" for the first pair, "demo-large.html" for the second.
std::filesystem::path page_of(const std::filesystem::path& out, std::size_t pair) {
  if (pair == 0) return out;
  const std::string_view first = kPairs[0], name = kPairs.at(pair);
  std::filesystem::path page = out;
  return page.replace_filename(out.stem().string() + std::string(name.substr(first.size())) +
                               out.extension().string());
}

void write_reports(const std::vector<Pair>& of, const Store& store,
                   const std::filesystem::path& out) {
  for (std::size_t i = 0; i < of.size(); ++i) {
    const Article article =
        build_article(find_report("pair"), store, {{"moe", of[i].moe}, {"dense", of[i].dense}});
    if (i == 0) write_article(article, find_format("md"), {});
    write_article(article, find_format("html"), page_of(out, i));
    tell("{} against {}: {}. {}\n", of[i].moe, of[i].dense, page_of(out, i).string(), of[i].note);
  }
}

int run(const Arguments& arguments) {
  std::string db, out = "demo.html";
  CLI::App app("Runs the bundled models and writes two reports: no download, about a minute.",
               "moebench demo");
  app.add_option("--db", db, "the store; else $MOEBENCH_DB, else demo.sqlite");
  app.add_option("--out,-o", out, "the report; the one about the large dense model lies beside it");
  if (const auto code = parse(app, arguments)) return *code;
  const std::filesystem::path file = store_file(db, "demo.sqlite");
  const std::vector<Pair> pairs = demo_pairs();
  for (std::size_t i = 0; i < pairs.size(); ++i) refuse_database(page_of(out, i));
  const double began = steady_seconds();
  tell("{}\n", to_terminal(machine_table(), ""));
  const Plan plan = make_plan({.suites = {kSuites.begin(), kSuites.end()},
                               .targets = targets_of(pairs),
                               .settings = demo_settings(),
                               .timeout_s = kSampled_s});
  Store store(file);
  const PlanRun done = run_plan(plan, store, with_own_workers("moebench demo"));
  if (!done.ended) return done.code;
  write_reports(pairs, store, out);
  tell("Took {:.0f} s. The measurements are in {}.\n", steady_seconds() - began, file.string());
  return done.code;
}

}  // namespace

extern const Command demo = {
    .name = "demo",
    .summary = "the bundled models through everything, to two reports, in a minute",
    .run = run};

}  // namespace moe
