// list NOUN: what there is.
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/store_word.h"
#include "cli/tell.h"
#include "datasets/dataset.h"
#include "harness/error.h"
#include "harness/program_folder.h"
#include "kernels/attention/attention.h"
#include "kernels/cuda_module.h"
#include "kernels/embedding/embedding.h"
#include "kernels/expert_gemm/expert_gemm.h"
#include "kernels/linear/linear.h"
#include "kernels/log_softmax_gather/log_softmax_gather.h"
#include "kernels/norm/norm.h"
#include "kernels/packed/target.h"
#include "kernels/residual/residual.h"
#include "kernels/rope/rope.h"
#include "models/family.h"
#include "models/library.h"
#include "reports/format.h"
#include "reports/report.h"
#include "suites/suite.h"

namespace moe {
namespace {

using Rows = std::vector<std::vector<Cell>>;

std::string text(std::string_view view) {
  return std::string(view);
}

Table suites(const std::filesystem::path&) {
  Table table{.columns = {"suite", "version", "kind", "what"}, .rows = {}};
  for (const Suite& s : bundled_suites())
    table.rows.push_back({s.name, s.version, s.kind, s.title});
  return table;
}

Table targets(const std::filesystem::path&) {
  Table table{.columns = {"target", "what"}, .rows = {}};
  for (const std::string_view name : config_names())
    table.rows.push_back({"synthetic:" + text(name), "seeded random weights of this architecture"});
  for (const Card& card : cards()) {
    table.rows.push_back({card.name, card.bundled.empty()
                                         ? card.repository + " in the Hugging Face cache"
                                         : card.bundled + ", which comes with the program"});
  }
  table.rows.push_back({"DIRECTORY", "a Hugging Face checkpoint"});
  table.rows.push_back({"org/name", "a repository in the Hugging Face cache"});
  return table;
}

Table pair_table(const std::filesystem::path&) {
  Table table{.columns = {"pair", "moe", "dense", "note"}, .rows = {}};
  for (const Pair& pair : pairs())
    table.rows.push_back({pair.name, pair.moe, pair.dense, pair.note});
  return table;
}

Table dataset_table(const std::filesystem::path&) {
  Table table{.columns = {"dataset", "source", "licence", "splits", "subsets"}, .rows = {}};
  for (const Dataset& d : datasets()) {
    std::string splits;
    for (const Split& split : d.splits) splits += (splits.empty() ? "" : ", ") + split.name;
    table.rows.push_back(
        {d.name, d.source, d.licence, splits, static_cast<std::int64_t>(d.subsets.size())});
  }
  return table;
}

Table family_table(const std::filesystem::path&) {
  Table table{.columns = {"family", "architecture"}, .rows = {}};
  for (const Family* family : families())
    table.rows.push_back({text(family->name), text(family->architecture)});
  return table;
}

Table kernel_table(const std::filesystem::path&) {
  Table table{.columns = {"operation", "variant", "runs on"}, .rows = {}};
  const std::string packed = fmt::format("cpu: {}", fmt::join(packed_targets(), ", "));
  const auto add = [&](const char* operation, const auto& variants) {
    for (const auto* variant : variants) {
      table.rows.push_back({std::string(operation), text(variant->name),
                            variant->by_target ? packed : std::string("cpu")});
    }
  };
  add("attention", paged_attentions());
  add("embedding", embeddings());
  add("expert_gemm", expert_gemms());
  add("linear", linears());
  add("log_softmax_gather", log_softmax_gathers());
  add("norm", norms());
  add("residual", residuals());
  add("rope", ropes());
  for (const Router* router : routers())
    table.rows.push_back({"router", text(router->name), "cpu"});
  const CudaModule module(program_folder());
  if (module.api() == nullptr) {
    tell("no CUDA variants: {}\n", module.reason());
  } else {
    for (const Router* router : module.api()->routers)
      table.rows.push_back({"router", text(router->name), "cuda"});
  }
  return table;
}

Table report_table(const std::filesystem::path&) {
  Table table{.columns = {"report", "what", "parameters"}, .rows = {}};
  for (const Report& report : bundled_reports()) {
    std::string parameters;
    for (const ReportParameter& p : report.parameters)
      parameters += (parameters.empty() ? "--" : " --") + p.name;
    table.rows.push_back({report.name, report.summary, parameters});
  }
  return table;
}

Table format_table(const std::filesystem::path&) {
  Table table{.columns = {"format", "what"}, .rows = {}};
  for (const Format* format : formats())
    table.rows.push_back({text(format->name), text(format->summary)});
  return table;
}

Table runs(const std::filesystem::path& db) {
  return Store(db, Access::read_only)
      .query(
          "SELECT r.id AS run, r.started_at, CASE WHEN r.ended_at IS NULL THEN 'unfinished' ELSE "
          "'ended' END AS state, "
          "(SELECT count(*) FROM case_run c WHERE c.run = r.id) AS cases, (SELECT count(*) FROM "
          "case_run c WHERE c.run = r.id AND c.outcome = 'ok') AS ok, r.command "
          "FROM run r ORDER BY r.id");
}

Table values(const std::filesystem::path& db) {
  return Store(db, Access::read_only)
      .query(
          "SELECT run, target_name, suite, point, metric, scope, estimate, low, high, unit, n FROM "
          "result ORDER BY run, ordinal, metric, scope");
}

Table trainings(const std::filesystem::path& db) {
  return Store(db, Access::read_only)
      .query(
          "SELECT training, name, learning_rate, step, tokens, loss, held_out_loss, started_at, "
          "ended_at, CASE WHEN EXISTS (SELECT 1 FROM training_value v WHERE v.training = "
          "p.training AND metric = 'diverged') THEN 'diverged' WHEN ended_at IS NULL THEN "
          "'unfinished' ELSE 'ended' END AS state FROM training_progress p ORDER BY training");
}

struct Noun {
  std::string_view name;
  Table (*list)(const std::filesystem::path& db);
};

constexpr Noun kNouns[] = {
    {"suites", suites},          {"targets", targets},       {"pairs", pair_table},
    {"datasets", dataset_table}, {"families", family_table}, {"kernels", kernel_table},
    {"reports", report_table},   {"formats", format_table},  {"runs", runs},
    {"values", values},          {"trainings", trainings}};

int run(const Arguments& arguments) {
  std::string noun, db;
  bool json = false;
  std::vector<std::string> known;
  for (const Noun& n : kNouns) known.emplace_back(n.name);
  CLI::App app("Lists what there is.", "moebench list");
  app.add_option("noun", noun, "what to list")->required()->check(CLI::IsMember(known));
  app.add_option("--db", db, "the store, for runs, values and trainings");
  app.add_flag("--json", json, "JSON Lines");
  if (const auto code = parse(app, arguments)) return *code;
  const auto found = std::ranges::find(kNouns, noun, &Noun::name);
  print(found->list(store_file(db)), json, "none");
  return kDone;
}

}  // namespace

extern const Command list = {
    .name = "list",
    .summary =
        "suites, targets, pairs, datasets, families, kernels, reports, formats, runs, values, "
        "trainings",
    .run = run};

}  // namespace moe
