// Runs a plan: worker processes measure, this process stores.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "cli/patience.h"
#include "cli/plan.h"
#include "harness/progress.h"
#include "results/store.h"

namespace moe {

struct ExecuteOptions {
  std::string command;              // as typed, for the record
  std::vector<std::string> worker;  // program and arguments
  std::string worker_build;         // what a worker must be; empty: any
  const std::atomic<bool>* interrupted = nullptr;
  Patience patience;
};

struct Execution {
  std::int64_t run = 0;
  bool interrupted = false;
  std::string stopped;  // why the run could not go on; empty where it did
};

/// Carries on an unfinished run of the same plan, or begins one. Every case gets an outcome; a
/// worker that dies is one, and the rest goes on. An Error is of before there was a run.
Execution execute(const Plan&, Store&, const ExecuteOptions&, ProgressBar&);

}  // namespace moe
