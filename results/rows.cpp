#include "results/rows.h"

#include "harness/clock.h"
#include "results/catalogue.h"
#include "results/owner.h"

namespace moe {

void execute(const Store& store, const std::string& sql, const std::vector<Parameter>& parameters) {
  store.query(sql, parameters);
}

std::optional<std::int64_t> find_unfinished(const Store& store, const std::string& plan) {
  const Table unfinished = store.query(
      "SELECT id, owner, coalesce((julianday('now') - julianday(alive_at)) * 86400.0 > :silence, "
      "1) "
      "FROM run WHERE plan = :plan AND ended_at IS NULL ORDER BY id DESC",
      {{"plan", plan}, {"silence", kSilenceSeconds}});
  for (const auto& row : unfinished.rows) {
    const OwnerState state = state_of(to_text(row[1]));
    const bool silent = to_text(row[2]) == "1";
    if (state == OwnerState::dead || (state == OwnerState::unseen && silent))
      return std::get<std::int64_t>(row[0]);
  }
  return std::nullopt;
}

void take_over(const Store& store, std::int64_t run) {
  execute(store, "UPDATE run SET owner = :owner, alive_at = :now WHERE id = :id",
          {{"owner", this_owner()}, {"now", utc_now()}, {"id", run}});
  execute(
      store,
      "UPDATE launch SET ended_at = :now, exit = 'abandoned' WHERE run = :id AND ended_at IS NULL",
      {{"now", utc_now()}, {"id", run}});
}

void sign_of_life(const Store& store, std::int64_t run) {
  const Table mine =
      store.query("UPDATE run SET alive_at = :now WHERE id = :id AND owner = :owner RETURNING id",
                  {{"now", utc_now()}, {"id", run}, {"owner", this_owner()}});
  require(!mine.rows.empty(),
          "{}: run {} was taken over by another process, which saw no sign of life of this one for "
          "{} s; it goes on there",
          store.file().string(), run, kSilenceSeconds);
}

std::int64_t insert_run(const Store& store, const RunRow& row) {
  execute(store,
          "INSERT INTO run (started_at, plan, command, question_limit, build, owner, alive_at, "
          "environment) VALUES (:now, :plan, :command, :limit, :build, :owner, :now, :environment)",
          {{"now", utc_now()},
           {"plan", row.plan()},
           {"command", row.command},
           {"limit", row.question_limit},
           {"build", row.build},
           {"owner", this_owner()},
           {"environment", environment_id(store, row.environment)}});
  return store.connection().db.getLastInsertRowid();
}

std::map<std::string, std::int64_t> insert_cases(const Store& store, std::int64_t run,
                                                 const RunRow& row) {
  std::vector<std::int64_t> suites, targets;
  for (const SuiteRow& suite : row.suites) suites.push_back(suite_id(store, suite));
  for (const TargetRow& target : row.targets) targets.push_back(target_id(store, target));
  std::map<std::string, std::int64_t> ids;
  std::int64_t ordinal = 0;
  for (const CaseRow& c : row.cases) {
    const SuiteRow& suite = row.suites.at(c.suite);
    const std::int64_t id =
        insert_or_find(store,
                       "INSERT INTO \"case\" (key, suite, suite_version, target, point, "
                       "dataset_digest) VALUES (:key, :suite, :version, :target, :point, :digest)",
                       "SELECT id FROM \"case\" WHERE key = :key",
                       {{"key", c.key},
                        {"suite", suite.name},
                        {"version", suite.version},
                        {"target", targets.at(c.target)},
                        {"point", c.point_json},
                        {"digest", c.dataset_digest}});
    ids[c.key] = insert_or_find(
        store,
        "INSERT INTO case_run (run, \"case\", suite, ordinal) VALUES (:run, :case, "
        ":suite, :ordinal)",
        "SELECT id FROM case_run WHERE run = :run AND \"case\" = :case",
        {{"run", run}, {"case", id}, {"suite", suites.at(c.suite)}, {"ordinal", ordinal++}});
  }
  return ids;
}

void clear_unfinished_timed(const Store& store, const RunRow& row,
                            const std::map<std::string, std::int64_t>& case_runs) {
  for (const CaseRow& c : row.cases) {
    if (c.timed) clear_unfinished_launches(store, case_runs.at(c.key));
  }
}

void clear_unfinished_launches(const Store& store, std::int64_t case_run) {
  // Counts of tokens come of questions, and stay as the answers do.
  for (const std::string table : {"sample", "routing_count"}) {
    const std::string kept =
        table == "sample" ? "" : "AND NOT EXISTS (SELECT * FROM answer WHERE case_run = :id) ";
    execute(store,
            fmt::format("DELETE FROM {} WHERE case_run = (SELECT id FROM case_run WHERE id = :id "
                        "AND outcome = 'pending') {}AND launch NOT IN (SELECT l.id FROM launch l "
                        "JOIN case_launch e ON e.number = l.number WHERE e.case_run = :id)",
                        table, kept),
            {{"id", case_run}});
  }
}

std::int64_t insert_launch(const Store& store, std::int64_t run, const std::string& target_identity,
                           std::int64_t number) {
  execute(store,
          "INSERT INTO launch (run, target, number, started_at) VALUES (:run, (SELECT id FROM "
          "target WHERE identity = :identity), :number, :now)",
          {{"run", run}, {"identity", target_identity}, {"number", number}, {"now", utc_now()}});
  return store.connection().db.getLastInsertRowid();
}

}  // namespace moe
