// A worker process: started, given one job after another, listened to, and ended for certain.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/event.h"

namespace moe {

/// Read again at every turn: a listener may change them as the work goes on.
struct WorkerLimits {
  double silence_s =
      600;  // no progress for this long, whatever is said on stderr: killed, timed_out
  std::string_view silence = "no sign of life for";  // how the reason begins
  const std::atomic<bool>* interrupted = nullptr;    // set: the worker is asked to end, then killed
};

/// bad_protocol: a line that is no event, no hello first, or a hello of another version.
enum class WorkerHow : std::uint8_t { done, died, silent, interrupted, bad_protocol };

/// How a worker ended. `verdict` is what befalls the case that was under way, if any.
struct WorkerEnd {
  WorkerHow how = WorkerHow::done;
  Verdict verdict;   // ok when done
  std::string exit;  // for the store: "done", "killed by signal 9", "exit code 70"
};

struct WorkerListener {
  std::function<void(const Event&)> check = nullptr;  // what it throws is an Error of the worker's
  std::function<bool(const Event&)> is_progress = nullptr;  // none: every event is
  std::function<void(const Event&)> event;
  std::function<void(const std::string&)> stderr_line;  // what the worker says to people
  std::function<void()> tick;                           // several times a second, events or none
};

/// A worker: `command` (program and arguments), with its standard input as a lifeline. It leads a
/// process group of its own, which is gone with this object; it dies with the caller, and is the
/// kernel's first choice when memory runs out.
///
/// The listener is called on the calling thread only. What it throws, but for its check, reaches
/// the caller, who can only let go of it then. The kernel ends the worker with the thread that
/// started it, so start it on one that lives as long as the run. Several workers may be alive, each
/// of them used by one thread. Children can be waited for from then on, also where the caller was
/// started with SIGCHLD ignored.
class WorkerProcess {
 public:
  /// Limits and listener are the caller's and outlive this. Error where the command cannot be
  /// started.
  WorkerProcess(const std::vector<std::string>& command, const WorkerLimits&,
                const WorkerListener&);
  WorkerProcess(const std::vector<std::string>&, const WorkerLimits&&,
                const WorkerListener&) = delete;
  WorkerProcess(const std::vector<std::string>&, const WorkerLimits&,
                const WorkerListener&&) = delete;
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Gives it a job and listens. True when the worker has said that the job ended: it waits for the
  /// next one, with its model in memory, and nothing limits how long. False when it has ended, or
  /// has to.
  bool run(const Job&);

  /// Closes its input, which ends a worker that waits, and listens until it is gone. A worker that
  /// was asked to end, by an interrupt, is still listened to.
  WorkerEnd end();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// A worker for one job.
WorkerEnd run_worker(const std::vector<std::string>& command, const Job&, const WorkerLimits&,
                     const WorkerListener&);

}  // namespace moe
