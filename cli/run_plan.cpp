#include "cli/run_plan.h"

#include <fmt/format.h>

#include <csignal>

#include "cli/command.h"
#include "cli/tell.h"
#include "harness/build_info.h"
#include "harness/error.h"

namespace moe {
namespace {

std::atomic<bool> g_interrupted{false};  // written by a signal handler

void on_signal(int) {
  g_interrupted = true;
}

bool all_well(const Store& store, std::int64_t run) {
  const Table bad = store.query(
      "SELECT count(*) FROM case_run WHERE run = :run AND outcome NOT IN ('ok', 'skipped')",
      {{"run", run}});
  return to_text(bad.rows.at(0).at(0)) == "0";
}

/// Results are known by their suite's name and version. A bundled suite's version stands for its
/// text; a user's file may have been changed without a new one.
void check_versions(const Plan& plan, const Store& store) {
  for (const Suite& suite : plan.suites) {
    if (suite.file.empty()) continue;
    const Table others = store.query(
        "SELECT count(*) FROM case_run r JOIN \"case\" c ON c.id = r.\"case\" JOIN suite s ON s.id "
        "= "
        "r.suite WHERE c.suite = :name AND c.suite_version = :version AND s.sha256 <> :text",
        {{"name", suite.name}, {"version", suite.version}, {"text", suite.sha256}});
    require(to_text(others.rows.at(0).at(0)) == "0",
            "{}: {} has results of version {} with another text, and they would be taken for each "
            "other: raise `version`",
            suite.file, store.file().string(), suite.version);
  }
}

}  // namespace

const std::atomic<bool>& interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  // A lost terminal, but not one that nohup said to ignore.
  if (std::signal(SIGHUP, on_signal) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
  return g_interrupted;
}

ExecuteOptions with_own_workers(const std::string& command) {
  return {.command = command,
          .worker = {"/proc/self/exe", "worker"},
          .worker_build = build_line(),
          .interrupted = &interrupts(),
          .patience = {}};
}

PlanRun run_plan(const Plan& plan, Store& store, const ExecuteOptions& options) {
  check_versions(plan, store);
  Execution done;
  {
    ProgressBar bar = stderr_progress();
    done = execute(plan, store, options, bar);
  }
  if (done.interrupted) {
    tell("interrupted; what is done is stored, and the same command carries on\n");
    return {done.run, false, kInterrupted};
  }
  if (!done.stopped.empty()) {
    tell("run {} stopped: {}\nWhat is done is stored, and the same command carries on.\n", done.run,
         done.stopped);
    return {done.run, false, kNotOk};
  }
  return {done.run, true, all_well(store, done.run) ? kDone : kNotOk};
}

}  // namespace moe
