// One worker process over cases of one target in one launch: its job, and what its events mean for
// the store and for people.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "cli/event_check.h"
#include "cli/execute.h"
#include "harness/worker_process.h"
#include "results/recorder.h"

namespace moe {

/// "decode {"batch":1} on demo-moe".
std::string label_of(const Plan&, std::size_t planned_case);

class WorkerRun {
 public:
  using CaseEnd = std::function<void(std::size_t planned_case, const Verdict&)>;

  WorkerRun(const Plan&, Recorder&, const ExecuteOptions&, ProgressBar&, std::size_t target,
            std::int64_t launch);

  /// Runs a process until it ends; calls `ended` for each case it ended itself.
  WorkerEnd run(const std::set<std::size_t>& cases, const CaseEnd& ended);

  /// The case that was under way when the process ended.
  std::optional<std::size_t> current() const { return current_; }

 private:
  Job job_for(const std::set<std::size_t>& cases) const;
  void on_event(const Event&, const CaseEnd&);
  void on_log(LogLine);
  void on_stderr(const std::string& line);
  bool is_progress(const Event&) const;
  void set_limit(const Limit&);

  const Plan& plan_;
  Recorder& recorder_;
  const ExecuteOptions& options_;
  ProgressBar& bar_;
  std::size_t target_;
  std::int64_t launch_, row_ = 0;
  Job job_;
  Assignment assigned_;
  WorkerLimits limits_;
  std::map<std::string, std::size_t> index_;  // of the job's cases, by key
  std::optional<std::size_t> current_;
  std::string last_words_;  // what the worker said last on stderr
};

}  // namespace moe
