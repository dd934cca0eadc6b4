#include "results/rows.h"

#include "harness/clock.h"
#include "results/catalogue.h"
#include "results/owned_rows.h"
#include "results/owner.h"

namespace moe {

void execute(const Store& store, const std::string& sql, const std::vector<Parameter>& parameters) {
  store.query(sql, parameters);
}

void take_over(const Store& store, std::int64_t run) {
  take_row_over(store, kRuns, run);
  execute(
      store,
      "UPDATE launch SET ended_at = :now, exit = 'abandoned' WHERE run = :id AND ended_at IS NULL",
      {{"now", utc_now()}, {"id", run}});
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
