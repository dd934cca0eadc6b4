// A plan as a verb runs it: with a bar on stderr, an end on Ctrl-C, and an exit code.
#pragma once

#include "cli/execute.h"

namespace moe {

/// SIGINT, SIGTERM and SIGHUP (unless that is ignored, as by nohup) set this from now on, in place
/// of ending the program.
const std::atomic<bool>& interrupts();

/// Workers of this very program, also after its file was replaced; signals interrupt, as above.
ExecuteOptions with_own_workers(const std::string& command);

struct PlanRun {
  std::int64_t run = 0;
  bool ended = false;  // neither interrupted nor stopped
  int code = 0;        // kDone, kNotOk or kInterrupted
};

/// Says on stderr what kept the run from its end. The code is of all the run's cases in the store,
/// also of those that an earlier process measured.
PlanRun run_plan(const Plan&, Store&, const ExecuteOptions&);

}  // namespace moe
