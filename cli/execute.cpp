#include "cli/execute.h"

#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <nlohmann/json.hpp>

#include "cli/facts.h"
#include "harness/error.h"
#include "harness/worker_process.h"
#include "results/recorder.h"
#include "suites/kind.h"

namespace moe {
namespace {

std::atomic<bool> g_interrupted{false};  // written by a signal handler

void on_signal(int) {
  g_interrupted = true;
}

class Executor {
 public:
  Executor(const Plan& plan, Store& store, const ExecuteOptions& options, ProgressBar& bar)
      : plan_(plan),
        options_(options),
        bar_(bar),
        recorder_(store, run_row(plan, options.command)) {
    for (std::size_t i = 0; i < plan.cases.size(); ++i) index_[plan.cases[i].key] = i;
    result_.run = recorder_.run();
    result_.cases = static_cast<std::int64_t>(plan.cases.size());
    if (recorder_.carries_on()) bar_.say(fmt::format("carrying on run {}", result_.run));
  }

  Execution run() {
    for (std::size_t target = 0; target < plan_.targets.size() && !result_.interrupted; ++target)
      run_target(target);
    if (!result_.interrupted) recorder_.end_run();
    return result_;
  }

 private:
  std::vector<std::size_t> pending(std::size_t target, std::int64_t launch) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < plan_.cases.size(); ++i) {
      const PlannedCase& c = plan_.cases[i];
      if (c.target == target && c.launches > launch && !recorder_.has_ended(c.key))
        out.push_back(i);
    }
    return out;
  }

  void run_target(std::size_t target) {
    std::int64_t launches = 0;
    for (const PlannedCase& c : plan_.cases) {
      if (c.target == target) launches = std::max(launches, c.launches);
    }
    for (std::int64_t launch = 0; launch < launches && !result_.interrupted; ++launch)
      run_launch(target, launch);
  }

  /// All cases of one launch, in as many processes as it takes: a worker that dies is followed by
  /// another for the cases behind the one it died in.
  void run_launch(std::size_t target, std::int64_t launch) {
    std::set<std::size_t> left;
    for (const std::size_t i : pending(target, launch)) left.insert(i);
    bool was_killed = false;
    while (!left.empty() && !result_.interrupted) {
      const std::set<std::size_t> before = left;
      const WorkerEnd end = run_process(target, launch, left);
      if (end.how == WorkerHow::interrupted) {
        result_.interrupted = true;
      } else if (current_) {
        finish(*current_, end.verdict);
        left.erase(*current_);
      } else if (left == before && !was_killed && end.exit.starts_with("killed") &&
                 end.verdict.outcome != Outcome::out_of_memory) {
        was_killed = true;          // by somebody, while it loaded: once is no reason to give up
      } else if (left == before) {  // it died before its first case: so would the next one
        const Verdict verdict =
            end.how == WorkerHow::done
                ? Verdict{Outcome::failed, "the worker ended without running the case"}
                : end.verdict;
        for (const std::size_t i : left) {
          show(i);
          finish(i, verdict);
        }
        left.clear();
      }
    }
  }

  WorkerEnd run_process(std::size_t target, std::int64_t launch, std::set<std::size_t>& left) {
    current_.reset();
    last_words_.clear();
    const std::int64_t row = recorder_.begin_launch(plan_.targets[target].identity, launch);
    const Job job = job_for(target, launch, left);
    double silence_s = 0;
    for (const std::size_t i : left)
      silence_s = std::max(silence_s, plan_.suites[plan_.cases[i].suite].measure.timeout_s);
    // Loading and one long step are silent too.
    const WorkerLimits limits{.silence_s = std::max(600.0, 10 * silence_s),
                              .interrupted = options_.interrupted};
    WorkerEnd end = run_worker(
        options_.worker, job, limits,
        {.event = [&](const Event& event) { on_event(row, target, launch, event, left); },
         .stderr_line = [&](const std::string& line) { on_stderr(line); },
         .tick = [&] { recorder_.flush(); }});
    recorder_.end_launch(row, end.exit);
    if (end.how == WorkerHow::died && !last_words_.empty())
      end.verdict.reason += fmt::format(": {}", last_words_);
    return end;
  }

  Job job_for(std::size_t target, std::int64_t launch, const std::set<std::size_t>& left) const {
    Job job{.target = plan_.targets[target].spec,
            .launch = launch,
            .limit = plan_.limit,
            .data_root = plan_.data_root.string(),
            .timeout_s = plan_.timeout_s,
            .cases = {}};
    for (const std::size_t i : left) {
      const PlannedCase& c = plan_.cases[i];
      const Suite& suite = plan_.suites[c.suite];
      CaseJob& out = job.cases.emplace_back(CaseJob{.case_key = c.key,
                                                    .suite_name = suite.name,
                                                    .suite_toml = suite.toml,
                                                    .point_json = c.point.dump(),
                                                    .done = {}});
      if (!find_kind(suite.kind).timed) out.done = recorder_.done(c.key);
    }
    return job;
  }

  void on_event(std::int64_t row, std::size_t target, std::int64_t launch, const Event& event,
                std::set<std::size_t>& left) {
    recorder_.record(row, event);
    if (const auto* loaded = std::get_if<TargetLoaded>(&event)) {
      require(loaded->identity == plan_.targets[target].identity,
              "target {}: its files changed since the run was planned; the same command plans anew",
              plan_.targets[target].spec);
    } else if (const auto* started = std::get_if<CaseStarted>(&event)) {
      current_ = index_.at(started->case_key);
      show(*current_);
    } else if (const auto* progress = std::get_if<Progress>(&event)) {
      bar_.update(progress->done, progress->total, progress->unit);
    } else if (const auto* log = std::get_if<LogLine>(&event)) {
      bar_.say(fmt::format("{}: {}", log->level, log->text));
    } else if (const auto* ended = std::get_if<CaseEnded>(&event)) {
      const std::size_t i = index_.at(ended->case_key);
      current_.reset();
      left.erase(i);
      const bool more_launches =
          ended->verdict.outcome == Outcome::ok && launch + 1 < plan_.cases[i].launches;
      if (more_launches) {
        bar_.end_case(fmt::format("launch {} of {}", launch + 1, plan_.cases[i].launches));
      } else {
        finish(i, ended->verdict);
      }
    }
  }

  void show(std::size_t i) {
    const PlannedCase& c = plan_.cases[i];
    const std::string point = c.point.empty() ? "" : fmt::format(" {}", c.point.dump());
    bar_.begin_case(fmt::format("{}{} on {}", plan_.suites[c.suite].name, point,
                                plan_.targets[c.target].target.name),
                    static_cast<std::int64_t>(i) + 1, result_.cases);
  }

  void on_stderr(const std::string& line) {
    last_words_ = line;
    bar_.say(line);
  }

  /// The case's values from what was stored of it, then its outcome.
  void finish(std::size_t i, Verdict verdict) {
    const PlannedCase& c = plan_.cases[i];
    const Suite& suite = plan_.suites[c.suite];
    if (verdict.outcome == Outcome::ok) {
      try {
        summarise(c.key, suite);
      } catch (const Error& error) {
        verdict = {Outcome::failed, error.what()};
      }
    }
    recorder_.end_case(c.key, verdict);
    result_.ok += verdict.outcome == Outcome::ok ? 1 : 0;
    result_.skipped += verdict.outcome == Outcome::skipped ? 1 : 0;
    bar_.end_case(verdict.reason.empty()
                      ? std::string(name_of(verdict.outcome))
                      : fmt::format("{} ({})", name_of(verdict.outcome), verdict.reason));
  }

  void summarise(const std::string& key, const Suite& suite) {
    StoredCase stored = recorder_.stored(key);
    CaseRecord record{.documents = std::move(stored.documents),
                      .answers = std::move(stored.answers),
                      .launches = {},
                      .routing = std::move(stored.routing)};
    for (StoredCase::Launch& launch : stored.launches)
      record.launches.push_back({launch.number, std::move(launch.samples)});
    const Summary summary = find_kind(suite.kind).summarise(suite, record);
    recorder_.write_values(key, summary.values);
    for (const DocumentMetrics& metrics : summary.documents)
      recorder_.write_metrics(key, metrics.task, metrics.document, metrics.metrics_json);
  }

  const Plan& plan_;
  const ExecuteOptions& options_;
  ProgressBar& bar_;
  Recorder recorder_;
  std::map<std::string, std::size_t> index_;
  std::optional<std::size_t> current_;  // the case under way
  std::string last_words_;              // what the worker said last on stderr
  Execution result_;
};

}  // namespace

Execution execute(const Plan& plan, Store& store, const ExecuteOptions& options, ProgressBar& bar) {
  return Executor(plan, store, options, bar).run();
}

const std::atomic<bool>& interrupt_flag() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return g_interrupted;
}

std::vector<std::string> own_worker() {
  return {std::filesystem::read_symlink("/proc/self/exe").string(), "worker"};
}

}  // namespace moe
