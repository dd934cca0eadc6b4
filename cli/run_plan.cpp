#include "cli/run_plan.h"

#include <fmt/format.h>

#include <csignal>

#include "cli/command.h"
#include "harness/build_info.h"

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

}  // namespace

ExecuteOptions with_own_workers(const std::string& command) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return {.command = command,
          .worker = {"/proc/self/exe", "worker"},
          .worker_build = build_line(),
          .interrupted = &g_interrupted,
          .patience = {}};
}

PlanRun run_plan(const Plan& plan, Store& store, const ExecuteOptions& options) {
  Execution done;
  {
    ProgressBar bar = stderr_progress();
    done = execute(plan, store, options, bar);
  }
  if (done.interrupted) {
    fmt::print(stderr, "interrupted; what is done is stored, and the same command carries on\n");
    return {done.run, false, kInterrupted};
  }
  if (!done.stopped.empty()) {
    fmt::print(stderr,
               "run {} stopped: {}\nWhat is done is stored, and the same command carries on.\n",
               done.run, done.stopped);
    return {done.run, false, kNotOk};
  }
  return {done.run, true, all_well(store, done.run) ? kDone : kNotOk};
}

}  // namespace moe
