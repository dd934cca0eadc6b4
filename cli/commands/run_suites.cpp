// run SUITE... --target T...: plans, measures, stores, and shows what came out.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/run_plan.h"
#include "cli/show_report.h"
#include "cli/store_word.h"
#include "harness/error.h"
#include "models/decoder/native_engine.h"
#include "suites/kind.h"

namespace moe {
namespace {

struct Options {
  PlanRequest request;
  std::vector<std::string> set;
  std::string db;
  bool dry_run = false, json = false;
};

CLI::Validator positive() {
  return {[](const std::string& word) {
            double x = 0;
            const bool good = CLI::detail::lexical_cast(word, x) && x > 0;
            return good ? std::string() : fmt::format("expected a number above 0, found {}", word);
          },
          "NUMBER"};
}

void declare(CLI::App& app, Options& o) {
  app.add_option("suite", o.request.suites,
                 "suites: bundled names (moebench list suites), or files that end in .toml")
      ->required();
  app.add_option("--target,-t", o.request.targets,
                 "what to measure: DIRECTORY, CARD, org/name or synthetic:NAME, with "
                 "@key=value,... behind it; may be given several times")
      ->required();
  app.add_option("--set", o.set,
                 "AXIS=V,V... or KEY=V,V...: an axis of the suites or a key of the targets; "
                 "SUITE.AXIS=... for one suite");
  app.add_option("--limit", o.request.limit, "questions per leaf task")->check(positive());
  app.add_option("--launches", o.request.launches,
                 "processes that measure each timed case; the suite's own number otherwise")
      ->check(positive());
  app.add_option("--timeout", o.request.timeout_s,
                 "seconds a timed case samples where its interval stays wide; the suite's own "
                 "number otherwise")
      ->check(positive());
  app.add_option("--db", o.db, "the store");
  app.add_flag("--dry-run", o.dry_run, "show the plan: cases, questions, tokens; run nothing");
  app.add_flag("--json", o.json, "JSON Lines instead of tables");
}

/// Questions and tokens of each case.
Table plan_table(const Plan& plan) {
  Table table{.columns = {"suite", "target", "point", "questions", "requests", "prompt_tokens",
                          "shared_tokens", "truncated_requests"},
              .rows = {}};
  for (const PlannedCase& c : plan.cases) {
    const Suite& suite = plan.suites[c.suite];
    const PlannedTarget& target = plan.targets[c.target];
    const Kind& kind = find_kind(suite.kind);
    std::vector<Cell> row = {suite.name, target.target.name, c.point.dump()};
    if (kind.plan != nullptr) {
      const auto opened = open_tokenizer(target.target, target.config);
      const Tokenizer& tokenizer = required(
          opened, "target {} has no tokenizer, so {} cannot be planned", target.spec, suite.name);
      const CaseTask task{.suite = &suite,
                          .case_key = c.key,
                          .point = c.point,
                          .limit = plan.limit,
                          .data_root = plan.data_root,
                          .done = {}};
      const PlanSummary s = kind.plan(task, tokenizer, target.config.max_positions);
      for (const std::int64_t n :
           {s.questions, s.requests, s.prompt_tokens, s.shared_tokens, s.truncated_requests})
        row.emplace_back(n);
    } else {
      row.insert(row.end(), 5, nullptr);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string typed(const Arguments& arguments) {
  std::string out = "moebench run";
  for (const std::string& argument : arguments) out += " " + argument;
  return out;
}

int run(const Arguments& arguments) {
  Options options;
  CLI::App app("Plans and runs suites on targets; carries on an unfinished run of the same plan.",
               "moebench run");
  declare(app, options);
  if (const auto code = parse(app, arguments)) return *code;
  options.request.settings = parse_settings(options.set);
  const Plan plan = make_plan(options.request);
  if (options.dry_run) {
    print(plan_table(plan), options.json, "nothing to run");
    return kDone;
  }
  Store store(store_file(options.db));
  const ExecuteOptions execution = with_own_workers(typed(arguments));
  const PlanRun done = run_plan(plan, store, execution);
  if (!done.ended) return done.code;
  if (options.json) {
    print(store.query("SELECT * FROM result WHERE run = :run ORDER BY ordinal, metric, scope",
                      {{"run", done.run}}),
          true, "");
  } else {
    show_report(store, "run", {{"run", done.run}, {"parts", std::int64_t{0}}});
  }
  return done.code;
}

}  // namespace

extern const Command run_suites = {
    .name = "run", .summary = "suites on targets: accuracy, speed, memory, sparsity", .run = run};

}  // namespace moe
