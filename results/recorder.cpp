#include "results/recorder.h"

#include <cmath>

#include "harness/clock.h"
#include "harness/sha256.h"
#include "results/event_writer.h"
#include "results/owner.h"
#include "results/rows.h"

namespace moe {
namespace {

constexpr double kCommit_s = 0.5;

}  // namespace

struct Recorder::Writer {
  Store& store;
  EventWriter events;
  std::unique_ptr<SQLite::Transaction> open;
  double opened_s = 0;

  /// Joins the open transaction, or opens one.
  void join() {
    if (open) return;
    open = std::make_unique<SQLite::Transaction>(store.connection().db,
                                                 SQLite::TransactionBehavior::IMMEDIATE);
    opened_s = steady_seconds();
  }
  void commit() {
    if (!open) return;
    open->commit();
    open.reset();
  }
  void commit_if_due() {
    if (open && steady_seconds() - opened_s >= kCommit_s) commit();
  }
};

std::string RunRow::plan() const {
  Sha256 sha256;
  sha256.update(fmt::format("{}\n{}\n{}\n", question_limit, build, environment.digest()));
  for (const CaseRow& c : cases) sha256.update(c.key + "\n");
  return sha256.hex();
}

Recorder::Recorder(Store& store, const RunRow& row)
    : writer_(std::make_unique<Writer>(Writer{store, EventWriter(store), {}, 0})) {
  with_sqlite(store.file(), [&] {
    writer_->join();
    const auto unfinished = find_unfinished(store, row.plan());
    carries_on_ = unfinished.has_value();
    run_ = carries_on_ ? take_over(store, *unfinished) : insert_run(store, row);
    case_runs_ = insert_cases(store, run_, row);
    if (carries_on_) clear_unfinished_timed(store, run_, row, case_runs_);
    writer_->commit();
  });
}

Recorder::~Recorder() = default;

std::int64_t Recorder::id_of(const std::string& case_key) const {
  const auto found = case_runs_.find(case_key);
  require(found != case_runs_.end(), "case {} is not in the plan of run {}", case_key, run_);
  return found->second;
}

bool Recorder::has_ended(const std::string& case_key) const {
  const Table table = writer_->store.query("SELECT outcome FROM case_run WHERE id = :id",
                                           {{"id", id_of(case_key)}});
  return to_text(table.rows.at(0).at(0)) != "pending";
}

std::vector<CaseJob::Done> Recorder::done(const std::string& case_key) const {
  const Table table = writer_->store.query(
      "SELECT d.task, d.document FROM document d WHERE d.case_run = :id AND "
      "(SELECT count(*) FROM answer a WHERE a.case_run = d.case_run AND a.task = d.task AND "
      "a.document = d.document) >= "
      "coalesce(json_extract(d.facts, '$.choices'), 1) ORDER BY d.task, d.document",
      {{"id", id_of(case_key)}});
  std::vector<CaseJob::Done> done;
  for (const auto& row : table.rows)
    done.push_back({to_text(row[0]), std::get<std::int64_t>(row[1])});
  return done;
}

std::int64_t Recorder::begin_launch(const std::string& target_identity, std::int64_t number) {
  return with_sqlite(writer_->store.file(), [&] {
    writer_->join();
    const std::int64_t launch = insert_launch(writer_->store, run_, target_identity, number);
    writer_->commit();
    return launch;
  });
}

void Recorder::end_launch(std::int64_t launch, const std::string& exit) {
  with_sqlite(writer_->store.file(), [&] {
    writer_->join();
    execute(writer_->store, "UPDATE launch SET ended_at = :now, exit = :exit WHERE id = :id",
            {{"now", utc_now()}, {"exit", exit}, {"id", launch}});
    writer_->commit();
  });
}

void Recorder::record(std::int64_t launch, const Event& event) {
  with_sqlite(writer_->store.file(), [&] {
    writer_->join();
    writer_->events.write(run_, launch, event, [&](const std::string& key) { return id_of(key); });
    writer_->commit_if_due();
  });
}

void Recorder::flush() {
  with_sqlite(writer_->store.file(), [&] { writer_->commit_if_due(); });
}

StoredCase Recorder::stored(const std::string& case_key) const {
  return read_case(writer_->store, id_of(case_key), case_key);
}

void Recorder::write_values(const std::string& case_key, std::span<const Value> values) {
  with_sqlite(writer_->store.file(), [&] {
    writer_->join();
    execute(writer_->store, "DELETE FROM value WHERE case_run = :id", {{"id", id_of(case_key)}});
    for (const Value& value : values) insert_value(writer_->store, id_of(case_key), value);
  });
}

void Recorder::write_metrics(const std::string& case_key, const std::string& task,
                             std::int64_t document, const std::string& metrics_json) {
  with_sqlite(writer_->store.file(), [&] {
    writer_->join();
    execute(writer_->store,
            "UPDATE document SET metrics = :metrics WHERE case_run = :id AND task = :task AND "
            "document = :document",
            {{"metrics", metrics_json},
             {"id", id_of(case_key)},
             {"task", task},
             {"document", document}});
  });
}

void Recorder::end_case(const std::string& case_key, const Verdict& verdict) {
  with_sqlite(writer_->store.file(), [&] {
    writer_->join();
    execute(
        writer_->store,
        "UPDATE case_run SET ended_at = :now, outcome = :outcome, reason = :reason WHERE id = :id",
        {{"now", utc_now()},
         {"outcome", std::string(name_of(verdict.outcome))},
         {"reason", verdict.reason},
         {"id", id_of(case_key)}});
    writer_->commit();
  });
}

void Recorder::end_run() {
  with_sqlite(writer_->store.file(), [&] {
    writer_->join();
    execute(writer_->store, "UPDATE run SET ended_at = :now WHERE id = :id",
            {{"now", utc_now()}, {"id", run_}});
    writer_->commit();
  });
}

}  // namespace moe
