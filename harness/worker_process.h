// A worker process: started, fed one job, listened to, and ended for certain.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "harness/event.h"

namespace moe {

struct WorkerLimits {
  double silence_s = 600;                          // no event for this long: killed, timed_out
  const std::atomic<bool>* interrupted = nullptr;  // set: the worker is asked to end, then killed
};

enum class WorkerHow : std::uint8_t { done, died, silent, interrupted, bad_protocol };

/// How a worker ended. `verdict` is what befalls the case that was under way, if any.
struct WorkerEnd {
  WorkerHow how = WorkerHow::done;
  Verdict verdict;   // ok when done
  std::string exit;  // for the store: "done", "killed by signal 9", "exit code 70"
};

struct WorkerListener {
  std::function<void(const Event&)> event;
  std::function<void(const std::string&)> stderr_line;  // what the worker says to people
  std::function<void()> tick;                           // several times a second, events or none
};

/// Runs `command` (program and arguments), writes `job` to its standard input, keeps that open as a
/// lifeline, and calls the listener until the worker ends. The worker leads a process group of its
/// own, which is gone when this returns; it dies with the caller, and is the kernel's first choice
/// when memory runs out.
WorkerEnd run_worker(const std::vector<std::string>& command, const Job& job, const WorkerLimits&,
                     const WorkerListener&);

}  // namespace moe
