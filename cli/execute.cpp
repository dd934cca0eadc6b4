#include "cli/execute.h"

#include "cli/facts.h"
#include "cli/worker_run.h"
#include "harness/error.h"
#include "suites/group.h"
#include "suites/kind.h"

namespace moe {
namespace {

constexpr int kTries = 3;  // of a case whose worker is killed before it answers one more question

class Executor {
 public:
  Executor(const Plan& plan, Store& store, const ExecuteOptions& options, ProgressBar& bar)
      : plan_(plan),
        options_(options),
        bar_(bar),
        recorder_(store, run_row(plan, options.command)) {
    result_.run = recorder_.run();
    if (recorder_.carries_on()) bar_.say(fmt::format("carrying on run {}", result_.run));
  }

  Execution run() {
    try {
      for (std::size_t i = 0; i < plan_.cases.size(); ++i) finish_measured(i);
      for (std::size_t target = 0; target < plan_.targets.size() && !result_.interrupted; ++target)
        run_target(target);
      if (!result_.interrupted) recorder_.end_run();
    } catch (const Error& error) {  // of the store, or of starting a worker: no case's doing
      result_.stopped = error.what();
    }
    return result_;
  }

 private:
  void run_target(std::size_t target) {
    std::int64_t launches = 0;
    for (const PlannedCase& c : plan_.cases) {
      if (c.target == target) launches = std::max(launches, c.launches);
    }
    for (std::int64_t launch = 0; launch < launches && !result_.interrupted; ++launch)
      run_launch(target, launch);
    for (std::size_t i = 0; i < plan_.cases.size() && !result_.interrupted; ++i) {
      if (plan_.cases[i].target == target && is_group(i)) finish_group(i);
    }
  }

  std::set<std::size_t> pending(std::size_t target, std::int64_t launch) const {
    std::set<std::size_t> out;
    for (std::size_t i = 0; i < plan_.cases.size(); ++i) {
      const PlannedCase& c = plan_.cases[i];
      if (c.target == target && !is_group(i) && c.launches > launch &&
          !recorder_.has_ended(c.key) && !recorder_.ended_launches(c.key).contains(launch))
        out.insert(i);
    }
    return out;
  }

  /// All cases of one launch, in as many processes as it takes: a worker that dies is followed by
  /// another for what is left.
  void run_launch(std::size_t target, std::int64_t launch) {
    std::set<std::size_t> left = pending(target, launch);
    WorkerRun worker(plan_, recorder_, options_, bar_, target, launch);
    bool was_killed = false;
    int tries = 0;
    while (!left.empty()) {
      const std::size_t before = left.size();
      const std::size_t answers = answered(left);
      const WorkerEnd end = worker.run(left, [&](std::size_t i, const Verdict& verdict) {
        left.erase(i);
        tries = 0;
        end_launch(i, launch, verdict);
      });
      if (end.how == WorkerHow::interrupted) {
        result_.interrupted = true;
        return;
      }
      note(end);
      const bool by_somebody = was_killed_by_somebody(end);
      if (const auto current = worker.current()) {
        if (answered(left) > answers) tries = 0;
        if (by_somebody && asks(*current) && ++tries < kTries) {
          bar_.say(fmt::format("warning: {}; another worker goes on", end.verdict.reason));
          recorder_.drop_unfinished_samples(plan_.cases[*current].key);
          continue;
        }
        tries = 0;
        left.erase(*current);
        end_launch(*current, launch, end.verdict);
      } else if (left.size() == before && by_somebody && !was_killed) {
        was_killed = true;  // while it loaded: once is no reason to give up
        bar_.say(fmt::format("warning: {}; another worker goes on", end.verdict.reason));
      } else if (left.size() == before) {  // it died before its first case: so would the next one
        end_all(left, launch, end);
        return;
      }
    }
  }

  void end_all(const std::set<std::size_t>& left, std::int64_t launch, const WorkerEnd& end) {
    const Verdict verdict =
        end.how == WorkerHow::done
            ? Verdict{Outcome::failed, "the worker ended without running the case"}
            : end.verdict;
    for (const std::size_t i : left) {
      bar_.begin_case(label_of(plan_, i), static_cast<std::int64_t>(i) + 1,
                      static_cast<std::int64_t>(plan_.cases.size()));
      end_launch(i, launch, verdict);
    }
  }

  static bool was_killed_by_somebody(const WorkerEnd& end) {
    return end.how == WorkerHow::died && end.exit.starts_with("killed") &&
           end.verdict.outcome != Outcome::out_of_memory;
  }

  bool asks(std::size_t i) const {
    return find_kind(plan_.suites[plan_.cases[i].suite].kind).questions;
  }

  std::size_t answered(const std::set<std::size_t>& cases) const {
    std::size_t sum = 0;
    for (const std::size_t i : cases)
      sum += asks(i) ? recorder_.done(plan_.cases[i].key).size() : 0;
    return sum;
  }

  void note(const WorkerEnd& end) {
    if (end.how != WorkerHow::done) recorder_.log("warning", end.verdict.reason);
  }

  /// The case's launch has ended, and with the last one, or one that went wrong, the case.
  void end_launch(std::size_t i, std::int64_t launch, Verdict verdict) {
    const PlannedCase& c = plan_.cases[i];
    const std::int64_t missing = recorder_.unanswered(c.key);
    if (verdict.outcome == Outcome::ok && missing > 0)
      verdict = {Outcome::failed, fmt::format("{} of its questions were not answered", missing)};
    recorder_.end_case_launch(c.key, launch, verdict);
    if (!finish_measured(i)) bar_.end_case(fmt::format("launch {} of {}", launch + 1, c.launches));
  }

  bool is_group(std::size_t i) const { return moe::is_group(plan_.suites[plan_.cases[i].suite]); }

  /// Ends a group once its members have ended, however they did: false while some are to come.
  bool finish_group(std::size_t i) {
    const PlannedCase& c = plan_.cases[i];
    if (recorder_.has_ended(c.key)) return true;
    for (const std::string& member : c.members) {
      if (!recorder_.has_ended(member)) return false;
    }
    bar_.begin_case(label_of(plan_, i), static_cast<std::int64_t>(i) + 1,
                    static_cast<std::int64_t>(plan_.cases.size()));
    return finish(i, summarised(c, {}));
  }

  /// Ends the case once its launches have: false while some are to come.
  bool finish_measured(std::size_t i) {
    if (is_group(i)) return finish_group(i);
    const PlannedCase& c = plan_.cases[i];
    if (recorder_.has_ended(c.key)) return true;
    const std::map<std::int64_t, Verdict> launches = recorder_.ended_launches(c.key);
    for (const auto& [number, verdict] : launches) {
      if (verdict.outcome != Outcome::ok) return finish(i, verdict);
    }
    return std::ssize(launches) >= c.launches &&
           finish(i, summarised(c, launches.rbegin()->second));
  }

  bool finish(std::size_t i, const Verdict& verdict) {
    recorder_.end_case(plan_.cases[i].key, verdict);
    const std::string how = verdict.reason.empty()
                                ? std::string(name_of(verdict.outcome))
                                : fmt::format("{} ({})", name_of(verdict.outcome), verdict.reason);
    recorder_.log("info", fmt::format("{}: {}", label_of(plan_, i), how));
    bar_.end_case(how);
    return true;
  }

  /// Computes and stores the values. What the kind throws befalls its case; what the store throws,
  /// the run.
  Verdict summarised(const PlannedCase& c, const Verdict& verdict) {
    const Suite& suite = plan_.suites[c.suite];
    CaseRecord record = recorder_.stored(c.key);
    for (const std::string& member : c.members) record.members.push_back(recorder_.member(member));
    Summary summary;
    try {
      summary = find_kind(suite.kind).summarise(suite, record);
    } catch (const std::exception& error) {
      return {Outcome::failed, error.what()};
    }
    if (!summary.absent.empty()) return {Outcome::skipped, summary.absent};
    recorder_.write_values(c.key, summary.values);
    for (const DocumentMetrics& metrics : summary.documents)
      recorder_.write_metrics(c.key, metrics.task, metrics.document, metrics.metrics_json);
    return verdict.outcome == Outcome::ok ? summary.verdict : verdict;
  }

  const Plan& plan_;
  const ExecuteOptions& options_;
  ProgressBar& bar_;
  Recorder recorder_;
  Execution result_;
};

}  // namespace

Execution execute(const Plan& plan, Store& store, const ExecuteOptions& options, ProgressBar& bar) {
  return Executor(plan, store, options, bar).run();
}

}  // namespace moe
