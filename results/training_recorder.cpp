#include "results/training_recorder.h"

#include "harness/clock.h"
#include "harness/sha256.h"
#include "results/bind.h"
#include "results/catalogue.h"
#include "results/owned_rows.h"
#include "results/owner.h"
#include "results/rows.h"

namespace moe {
namespace {

constexpr double kWaitSeconds = 1;
constexpr std::size_t kMostWaiting = 5000;  // some tens of milliseconds of writing

struct ValueRow {
  std::int64_t step, layer;
  std::string metric;
  double value;
};

struct LoadRow {
  std::int64_t step, layer, expert, tokens;
};

std::vector<Parameter> columns(const Store& store, const TrainingRow& row) {
  return {{"identity", row.identity},
          {"name", row.name},
          {"now", utc_now()},
          {"config", row.config_toml},
          {"config_sha256", sha256_hex(row.config_toml)},
          {"model", row.model_json},
          {"data", row.data},
          {"data_digest", row.data_digest},
          {"tokenizer_digest", row.tokenizer_digest},
          {"seed", row.seed},
          {"learning_rate", row.learning_rate},
          {"threads", row.threads},
          {"planned_tokens", row.planned_tokens},
          {"flops", row.flops_per_token ? Cell(*row.flops_per_token) : Cell(nullptr)},
          {"build", row.build},
          {"command", row.command},
          {"owner", this_owner()},
          {"environment", environment_id(store, row.environment)}};
}

/// A new row, or the unfinished one `again` as if it were new.
std::int64_t insert_training(const Store& store, const TrainingRow& row,
                             std::optional<std::int64_t> again) {
  std::vector<Parameter> parameters = columns(store, row);
  parameters.push_back({"id", again ? Cell(*again) : Cell(nullptr)});
  if (again) execute(store, "DELETE FROM training WHERE id = :id", parameters);
  execute(store,
          "INSERT INTO training (id, identity, name, started_at, config, config_sha256, model, "
          "data, data_digest, tokenizer_digest, seed, learning_rate, threads, planned_tokens, "
          "flops_per_token, build, command, owner, alive_at, environment) VALUES (:id, :identity, "
          ":name, :now, :config, :config_sha256, :model, :data, :data_digest, :tokenizer_digest, "
          ":seed, :learning_rate, :threads, :planned_tokens, :flops, :build, :command, :owner, "
          ":now, :environment)",
          parameters);
  return store.connection().db.getLastInsertRowid();
}

/// Takes a training over, and drops what it recorded behind a step.
void go_on_from(const Store& store, std::int64_t training, std::int64_t step) {
  const Table newest = store.query(
      "SELECT coalesce(max(step), 0) FROM training_value WHERE training = :id", {{"id", training}});
  const auto recorded = std::get<std::int64_t>(newest.rows.at(0).at(0));
  require(
      recorded >= step,
      "{}: has training {} up to step {}, its state goes on from {}: use the store that has the "
      "steps between, or another one",
      store.file().string(), training, recorded, step);
  take_row_over(store, kTrainings, training);
  for (const char* table : {"training_value", "training_load"}) {
    execute(store, fmt::format("DELETE FROM {} WHERE training = :id AND step > :step", table),
            {{"id", training}, {"step", step}});
  }
}

}  // namespace

struct TrainingRecorder::Waiting {
  explicit Waiting(SQLite::Database& db)
      : value(db,
              "INSERT OR REPLACE INTO training_value (training, step, layer, metric, value) VALUES "
              "(?, ?, ?, ?, ?)"),
        load(db,
             "INSERT OR REPLACE INTO training_load (training, step, layer, expert, tokens) VALUES "
             "(?, ?, ?, ?, ?)") {}

  std::string owner = this_owner();
  SQLite::Statement value, load;
  std::vector<ValueRow> values;
  std::vector<LoadRow> loads;
  std::int64_t step = -1;  // of the newest row
  double oldest_s = 0;     // when the first row came
};

TrainingRecorder::TrainingRecorder(Store& store, const TrainingRow& row, std::int64_t resumed_step)
    : store_(store) {
  require(resumed_step >= 0, "a training goes on from step {}; expected 0 or more", resumed_step);
  with_sqlite(store.file(), [&] {
    store.connection().db.exec("PRAGMA synchronous = FULL");  // what is flushed outlives the power
    SQLite::Transaction transaction(store.connection().db, SQLite::TransactionBehavior::IMMEDIATE);
    const auto unfinished = find_unfinished(store, kTrainings, row.identity);
    carries_on_ = unfinished.has_value() && resumed_step > 0;
    if (carries_on_) go_on_from(store, *unfinished, resumed_step);
    training_ = carries_on_ ? *unfinished : insert_training(store, row, unfinished);
    transaction.commit();
    waiting_ = std::make_unique<Waiting>(store.connection().db);
  });
}

void TrainingRecorder::end_unfinished(Store& store, std::string_view identity) {
  with_sqlite(store.file(), [&] {
    execute(
        store,
        "UPDATE training SET ended_at = alive_at WHERE identity = :identity AND ended_at IS NULL "
        "AND EXISTS (SELECT 1 FROM training_value v WHERE v.training = training.id AND v.layer = "
        "-1 "
        "AND (v.metric = :diverged OR v.metric = 'tokens' AND v.value >= planned_tokens))",
        {{"identity", std::string(identity)}, {"diverged", std::string(kDiverged)}});
  });
}

TrainingRecorder::~TrainingRecorder() {
  const std::string give_up = fmt::format(
      "UPDATE training SET owner = '' WHERE id = {} AND owner = '{}'", training_, waiting_->owner);
  sqlite3_exec(store_.connection().db.getHandle(), give_up.c_str(), nullptr, nullptr, nullptr);
}

void TrainingRecorder::value(std::int64_t step, std::int64_t layer, std::string_view metric,
                             double value) {
  begin_step(step);
  waiting_->values.push_back({step, layer, std::string(metric), value});
}

void TrainingRecorder::load(std::int64_t step, std::int64_t layer,
                            std::span<const std::int64_t> tokens_E) {
  begin_step(step);
  std::int64_t expert = 0;
  for (const std::int64_t tokens : tokens_E)
    waiting_->loads.push_back({step, layer, expert++, tokens});
}

void TrainingRecorder::begin_step(std::int64_t step) {
  Waiting& w = *waiting_;
  const std::size_t rows = w.values.size() + w.loads.size();
  if (step != w.step && rows > 0 &&
      (rows >= kMostWaiting || steady_seconds() - w.oldest_s >= kWaitSeconds))
    flush();
  if (w.values.empty() && w.loads.empty()) w.oldest_s = steady_seconds();
  w.step = step;
}

void TrainingRecorder::write(bool ended) {
  Waiting& w = *waiting_;
  with_sqlite(store_.file(), [&] {
    SQLite::Transaction transaction(store_.connection().db, SQLite::TransactionBehavior::IMMEDIATE);
    sign_of_life(store_, kTrainings, training_);
    for (const ValueRow& row : w.values)
      run_with(w.value, training_, row.step, row.layer, row.metric, Real{row.value});
    for (const LoadRow& row : w.loads)
      run_with(w.load, training_, row.step, row.layer, row.expert, row.tokens);
    if (ended) {
      execute(store_, "UPDATE training SET ended_at = :now WHERE id = :id",
              {{"now", utc_now()}, {"id", training_}});
    }
    transaction.commit();
  });
  w.values.clear();
  w.loads.clear();
}

void TrainingRecorder::flush() {
  write(false);
}

void TrainingRecorder::end() {
  write(true);
}

}  // namespace moe
