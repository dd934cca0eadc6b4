#include "results/recorder.h"

#include "harness/clock.h"
#include "harness/sha256.h"
#include "results/batch_writer.h"
#include "results/catalogue.h"
#include "results/owned_rows.h"
#include "results/rows.h"
#include "results/stored_case.h"

namespace moe {

std::string RunRow::plan() const {
  Sha256 sha256;
  sha256.update(
      fmt::format("{}\n{}\n{}\n{}\n", question_limit, timeout_s, build, environment.digest()));
  for (const SuiteRow& s : suites) sha256.update(fmt::format("suite {} {}\n", s.name, s.sha256));
  for (const CaseRow& c : cases) sha256.update(fmt::format("case {} {}\n", c.key, c.launches));
  return sha256.hex();
}

Recorder::Recorder(Store& store, const RunRow& row) : store_(store) {
  with_sqlite(store.file(), [&] {
    SQLite::Transaction transaction(store.connection().db, SQLite::TransactionBehavior::IMMEDIATE);
    const auto unfinished = find_unfinished(store, kRuns, row.plan());
    carries_on_ = unfinished.has_value();
    if (carries_on_) take_over(store, *unfinished);
    run_ = carries_on_ ? *unfinished : insert_run(store, row);
    case_runs_ = insert_cases(store, run_, row);
    if (carries_on_) clear_unfinished_timed(store, row, case_runs_);
    transaction.commit();
    writer_ = std::make_unique<BatchWriter>(store, run_);
  });
}

Recorder::~Recorder() = default;

std::int64_t Recorder::id_of(const std::string& case_key) const {
  const auto found = case_runs_.find(case_key);
  require(found != case_runs_.end(), "case {} is not in the plan of run {}", case_key, run_);
  return found->second;
}

bool Recorder::has_ended(const std::string& case_key) const {
  const Table table =
      store_.query("SELECT outcome FROM case_run WHERE id = :id", {{"id", id_of(case_key)}});
  return to_text(table.rows.at(0).at(0)) != "pending";
}

std::map<std::int64_t, Verdict> Recorder::ended_launches(const std::string& case_key) const {
  return read_ended_launches(store_, id_of(case_key));
}

std::vector<CaseJob::Done> Recorder::done(const std::string& case_key) const {
  writer_->write();
  return read_done(store_, id_of(case_key));
}

std::int64_t Recorder::unanswered(const std::string& case_key) const {
  writer_->write();
  return count_unanswered(store_, id_of(case_key));
}

std::int64_t Recorder::begin_launch(const std::string& target_identity, std::int64_t number) {
  std::int64_t launch = 0;
  writer_->write([&] { launch = insert_launch(store_, run_, target_identity, number); });
  return launch;
}

void Recorder::end_launch(std::int64_t launch, const std::string& exit) {
  writer_->write([&] {
    execute(store_, "UPDATE launch SET ended_at = :now, exit = :exit WHERE id = :id",
            {{"now", utc_now()}, {"exit", exit}, {"id", launch}});
  });
}

void Recorder::drop_unfinished_samples(const std::string& case_key) {
  const std::int64_t id = id_of(case_key);
  writer_->write([&] { clear_unfinished_launches(store_, id); });
}

void Recorder::end_case_launch(const std::string& case_key, std::int64_t number,
                               const Verdict& verdict) {
  const std::int64_t id = id_of(case_key);
  writer_->write([&] {
    execute(store_,
            "INSERT OR REPLACE INTO case_launch (case_run, number, outcome, reason) VALUES (:id, "
            ":number, :outcome, :reason)",
            {{"id", id},
             {"number", number},
             {"outcome", std::string(name_of(verdict.outcome))},
             {"reason", verdict.reason}});
  });
}

void Recorder::record(std::int64_t launch, const Event& event) {
  const auto key = case_key_of(event);
  const std::int64_t case_run = key ? id_of(*key) : 0;
  if (leaves_row(event)) {
    const bool dated =
        std::holds_alternative<CaseStarted>(event) || std::holds_alternative<LogLine>(event);
    writer_->add({launch, case_run, dated ? utc_now() : "", event});
  }
  writer_->write_if_due();
}

void Recorder::log(const std::string& level, const std::string& text) {
  writer_->add({0, 0, utc_now(), LogLine{level, text}});
  writer_->write_if_due();
}

void Recorder::flush() {
  writer_->write_if_due();
}

CaseRecord Recorder::stored(const std::string& case_key) const {
  writer_->write();
  return read_case(store_, id_of(case_key), case_key);
}

CaseRecord::Member Recorder::member(const std::string& case_key) const {
  writer_->write();
  return read_member(store_, id_of(case_key));
}

void Recorder::write_values(const std::string& case_key, std::span<const Value> values) {
  const std::int64_t id = id_of(case_key);
  writer_->write([&] {
    execute(store_, "DELETE FROM value WHERE case_run = :id", {{"id", id}});
    for (const Value& value : values) insert_value(store_, id, value);
  });
}

void Recorder::write_metrics(const std::string& case_key, const std::string& task,
                             std::int64_t document, const std::string& metrics_json) {
  const std::vector<Parameter> parameters = {
      {"metrics", metrics_json}, {"id", id_of(case_key)}, {"task", task}, {"document", document}};
  writer_->add([this, parameters] {
    execute(store_,
            "UPDATE document SET metrics = :metrics WHERE case_run = :id AND task = :task AND "
            "document = :document",
            parameters);
  });
}

void Recorder::end_case(const std::string& case_key, const Verdict& verdict) {
  const std::int64_t id = id_of(case_key);
  writer_->write([&] {
    execute(
        store_,
        "UPDATE case_run SET ended_at = :now, outcome = :outcome, reason = :reason WHERE id = :id",
        {{"now", utc_now()},
         {"outcome", std::string(name_of(verdict.outcome))},
         {"reason", verdict.reason},
         {"id", id}});
  });
}

void Recorder::end_run() {
  writer_->write([&] {
    execute(store_, "UPDATE run SET ended_at = :now WHERE id = :id",
            {{"now", utc_now()}, {"id", run_}});
  });
}

}  // namespace moe
