#include "cli/worker_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "suites/kind.h"

namespace moe {

std::string label_of(const Plan& plan, std::size_t planned_case) {
  const PlannedCase& c = plan.cases[planned_case];
  const std::string point = c.point.empty() ? "" : fmt::format(" {}", c.point.dump());
  const std::string& name = plan.targets[c.target].target.name;
  const auto namesakes = std::ranges::count_if(
      plan.targets, [&](const PlannedTarget& t) { return t.target.name == name; });
  return fmt::format("{}{} on {}", plan.suites[c.suite].name, point,
                     namesakes == 1 ? name : plan.targets[c.target].spec);
}

WorkerRun::WorkerRun(const Plan& plan, Recorder& recorder, const ExecuteOptions& options,
                     ProgressBar& bar, std::size_t target, std::int64_t launch)
    : plan_(plan),
      recorder_(recorder),
      options_(options),
      bar_(bar),
      target_(target),
      launch_(launch) {}

WorkerEnd WorkerRun::run(const std::set<std::size_t>& cases, const CaseEnd& ended) {
  current_.reset();
  last_words_.clear();
  index_.clear();
  for (const std::size_t i : cases) index_[plan_.cases[i].key] = i;
  job_ = job_for(cases);
  assigned_ = {.job = &job_,
               .identity = plan_.targets[target_].identity,
               .build = options_.worker_build,
               .current = std::nullopt};
  limits_.interrupted = options_.interrupted;
  set_limit(loading_limit(options_.patience));
  row_ = recorder_.begin_launch(plan_.targets[target_].identity, launch_);
  WorkerEnd end = run_worker(options_.worker, job_, limits_,
                             {.check = [&](const Event& e) { check_event(e, assigned_); },
                              .is_progress = [&](const Event& e) { return is_progress(e); },
                              .event = [&](const Event& e) { on_event(e, ended); },
                              .stderr_line = [&](const std::string& line) { on_stderr(line); },
                              .tick = [&] { recorder_.flush(); }});
  recorder_.end_launch(row_, end.exit);
  if (end.how == WorkerHow::done && current_)
    end = {
        WorkerHow::died, {Outcome::failed, "the worker ended in the middle of the case"}, end.exit};
  if (end.how == WorkerHow::died && !last_words_.empty())
    end.verdict.reason += fmt::format(": {}", last_words_);
  return end;
}

Job WorkerRun::job_for(const std::set<std::size_t>& cases) const {
  Job job{.target = plan_.targets[target_].spec,
          .launch = launch_,
          .limit = plan_.limit,
          .data_root = plan_.data_root.string(),
          .timeout_s = plan_.timeout_s,
          .cases = {}};
  for (const std::size_t i : cases) {
    const PlannedCase& c = plan_.cases[i];
    const Suite& suite = plan_.suites[c.suite];
    CaseJob& out = job.cases.emplace_back(CaseJob{.case_key = c.key,
                                                  .suite_name = suite.name,
                                                  .suite_toml = suite.toml,
                                                  .suite_folder = suite.folder,
                                                  .point_json = c.point.dump(),
                                                  .done = {}});
    if (find_kind(suite.kind).questions) out.done = recorder_.done(c.key);
  }
  return job;
}

/// A timed case has so long in all, but for its questions.
bool WorkerRun::is_progress(const Event& event) const {
  if (std::holds_alternative<LogLine>(event)) return false;
  const bool measured =
      std::holds_alternative<Sample>(event) || std::holds_alternative<Progress>(event);
  return !measured || !current_ ||
         !find_kind(plan_.suites[plan_.cases[*current_].suite].kind).timed;
}

/// What a worker says of a case gets the case's name.
void WorkerRun::on_log(LogLine line) {
  if (current_) line.text = fmt::format("{}: {}", label_of(plan_, *current_), line.text);
  bar_.say(fmt::format("{}: {}", line.level, line.text));
  recorder_.record(row_, std::move(line));
}

void WorkerRun::on_event(const Event& event, const CaseEnd& ended) {
  if (const auto* log = std::get_if<LogLine>(&event)) return on_log(*log);
  recorder_.record(row_, event);
  if (const auto* started = std::get_if<CaseStarted>(&event)) {
    const std::size_t current = index_.at(started->case_key);
    current_ = current;
    assigned_.current = started->case_key;
    set_limit(
        case_limit(plan_.suites[plan_.cases[current].suite], plan_.timeout_s, options_.patience));
    bar_.begin_case(label_of(plan_, current), static_cast<std::int64_t>(current) + 1,
                    static_cast<std::int64_t>(plan_.cases.size()));
  } else if (const auto* progress = std::get_if<Progress>(&event)) {
    if (current_) bar_.update(progress->done, progress->total, progress->unit);
  } else if (const auto* end = std::get_if<CaseEnded>(&event)) {
    const std::size_t i = index_.at(end->case_key);
    current_.reset();
    assigned_.current.reset();
    set_limit(loading_limit(options_.patience));
    ended(i, end->verdict);
  }
}

void WorkerRun::on_stderr(const std::string& line) {
  last_words_ = line;
  recorder_.log("stderr", line);
  bar_.say(line);
}

void WorkerRun::set_limit(const Limit& limit) {
  limits_.silence_s = limit.seconds;
  limits_.silence = limit.what;
}

}  // namespace moe
