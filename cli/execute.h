// Runs a plan: worker processes measure, this process stores.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "cli/plan.h"
#include "harness/progress.h"
#include "results/store.h"

namespace moe {

struct ExecuteOptions {
  std::string command;              // as typed, for the record
  std::vector<std::string> worker;  // program and arguments
  const std::atomic<bool>* interrupted = nullptr;
};

struct Execution {
  std::int64_t run = 0;
  std::int64_t cases = 0, ok = 0, skipped = 0;
  bool interrupted = false;
};

/// Carries on an unfinished run of the same plan, or begins one. Every case gets an outcome; a
/// worker that dies is one, and the rest goes on.
Execution execute(const Plan&, Store&, const ExecuteOptions&, ProgressBar&);

/// Set by SIGINT and SIGTERM once installed.
const std::atomic<bool>& interrupt_flag();

/// The command that starts a worker of this very program.
std::vector<std::string> own_worker();

}  // namespace moe
