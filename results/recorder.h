// The one writer of a run: a plan and the workers' events become rows.
//
// Rows are written at the end of every case and at least every half second while events come or
// flush() is called, so that a killed process loses less than a second. The same plan again, on the
// same machine and build, carries an unfinished run on: cases that ended keep their outcome,
// launches of a case that ended and answers that were stored are kept, other samples are measured
// afresh.
//
// Only one process carries a run on. One whose owner lives is left alone, and a run of its own is
// begun. Whether a process of another container or another boot lives cannot be seen from here: its
// run is taken over once it has written nothing for a minute (results/owner.h).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "harness/case_record.h"
#include "harness/event.h"
#include "harness/machine.h"
#include "harness/value.h"
#include "results/store.h"

namespace moe {

struct SuiteRow {
  std::string name, kind, title, toml, sha256;
  std::int64_t version = 1;
};

struct TargetRow {
  std::string identity, name, spec, family, dtype, numerics, facts_json = "{}";
  std::int64_t experts = 0, experts_per_token = 0;
  std::int64_t parameters_total = 0, parameters_active = 0, weight_bytes = 0;
};

struct CaseRow {
  std::string key, point_json, dataset_digest;
  std::size_t suite = 0, target = 0;  // indices into the run's lists
  bool timed = false;
  std::int64_t launches = 1;
};

/// A run as it is planned.
struct RunRow {
  std::string command, build;
  std::int64_t question_limit = -1;
  double timeout_s = 0;  // that a timed case may sample; 0: its suite's own
  Environment environment;
  std::vector<SuiteRow> suites;
  std::vector<TargetRow> targets;
  std::vector<CaseRow> cases;

  /// sha256 over cases and their launches, the text of the suites, limits, build and machine: two
  /// runs with the same one do the same.
  std::string plan() const;
};

class BatchWriter;

class Recorder {
 public:
  /// Begins a run, or carries on the newest unfinished one of the same plan that no living process
  /// owns.
  Recorder(Store&, const RunRow&);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  std::int64_t run() const { return run_; }
  bool carries_on() const { return carries_on_; }
  bool has_ended(const std::string& case_key) const;

  /// How the case went in each of its launches that ended, by number.
  std::map<std::int64_t, Verdict> ended_launches(const std::string& case_key) const;

  /// Documents of a case whose every answer is stored ("choices" of their facts says how many that
  /// is).
  std::vector<CaseJob::Done> done(const std::string& case_key) const;

  /// Its other documents that are questions.
  std::int64_t unanswered(const std::string& case_key) const;

  std::int64_t begin_launch(const std::string& target_identity, std::int64_t number);
  void end_launch(std::int64_t launch, const std::string& exit);

  /// What a process that died left of a launch: the next one measures it afresh.
  void drop_unfinished_samples(const std::string& case_key);
  void end_case_launch(const std::string& case_key, std::int64_t number, const Verdict&);

  /// Stores an event of a launch; progress leaves no row. Error on an event of a case
  /// that is not in the plan, and where another process has taken the run over.
  void record(std::int64_t launch, const Event&);

  /// A line of the run's log that no worker sent.
  void log(const std::string& level, const std::string& text);

  /// To be called several times a second: writes what has waited long enough, and the sign of life.
  void flush();

  CaseRecord stored(const std::string& case_key) const;

  /// What a case came to that is part of a group.
  CaseRecord::Member member(const std::string& case_key) const;

  /// Replaces the case's values. Error where a metric is stored with another definition.
  void write_values(const std::string& case_key, std::span<const Value>);
  void write_metrics(const std::string& case_key, const std::string& task, std::int64_t document,
                     const std::string& metrics_json);
  void end_case(const std::string& case_key, const Verdict&);
  void end_run();

 private:
  std::int64_t id_of(const std::string& case_key) const;

  Store& store_;
  std::unique_ptr<BatchWriter> writer_;
  std::int64_t run_ = 0;
  bool carries_on_ = false;
  std::map<std::string, std::int64_t> case_runs_;  // by case key
};

}  // namespace moe
