#include "results/rows.h"

#include <cmath>

#include "harness/clock.h"
#include "results/owner.h"

namespace moe {
namespace {

/// SQLite has no NaN.
Cell real(double value) {
  return std::isfinite(value) ? Cell(value) : Cell(nullptr);
}

/// Inserts unless a row with the same unique key is there; the id of that row either way.
std::int64_t insert_or_find(const Store& store, const std::string& insert, const std::string& find,
                            const std::vector<Parameter>& parameters) {
  execute(store, insert + " ON CONFLICT DO NOTHING", parameters);
  return std::get<std::int64_t>(store.query(find, parameters).rows.at(0).at(0));
}

std::int64_t environment_id(const Store& store, const Environment& e) {
  return insert_or_find(
      store,
      "INSERT INTO environment (digest, host, cpu, cores, memory_bytes, gpu, driver, os, "
      "facts) "
      "VALUES (:digest, :host, :cpu, :cores, :memory, :gpu, :driver, :os, :facts)",
      "SELECT id FROM environment WHERE digest = :digest",
      {{"digest", e.digest()},
       {"host", e.host},
       {"cpu", e.cpu},
       {"cores", e.cores},
       {"memory", e.memory_bytes},
       {"gpu", e.gpu},
       {"driver", e.driver},
       {"os", e.os},
       {"facts", e.facts_json}});
}

std::int64_t suite_id(const Store& store, const SuiteRow& s) {
  return insert_or_find(store,
                        "INSERT INTO suite (name, version, kind, title, sha256, toml) "
                        "VALUES (:name, :version, :kind, :title, :sha256, :toml)",
                        "SELECT id FROM suite WHERE sha256 = :sha256",
                        {{"name", s.name},
                         {"version", s.version},
                         {"kind", s.kind},
                         {"title", s.title},
                         {"sha256", s.sha256},
                         {"toml", s.toml}});
}

std::int64_t target_id(const Store& store, const TargetRow& t) {
  return insert_or_find(
      store,
      "INSERT INTO target (identity, name, spec, family, dtype, numerics, experts, "
      "experts_per_token, parameters_total, parameters_active, weight_bytes, facts) "
      "VALUES (:identity, :name, :spec, :family, :dtype, :numerics, :experts, :top_k, :total, "
      ":active, :bytes, :facts)",
      "SELECT id FROM target WHERE identity = :identity",
      {{"identity", t.identity},
       {"name", t.name},
       {"spec", t.spec},
       {"family", t.family},
       {"dtype", t.dtype},
       {"numerics", t.numerics},
       {"experts", t.experts},
       {"top_k", t.experts_per_token},
       {"total", t.parameters_total},
       {"active", t.parameters_active},
       {"bytes", t.weight_bytes},
       {"facts", t.facts_json}});
}

std::int64_t metric_id(const Store& store, const Metric& m) {
  return insert_or_find(store,
                        "INSERT INTO metric (name, unit, higher_is_better, "
                        "deterministic) VALUES (:name, :unit, :up, :fixed)",
                        "SELECT id FROM metric WHERE name = :name",
                        {{"name", std::string(m.name)},
                         {"unit", std::string(m.unit)},
                         {"up", std::int64_t{m.higher_is_better}},
                         {"fixed", std::int64_t{m.deterministic}}});
}

std::int64_t integer(const Cell& cell) {
  return std::get<std::int64_t>(cell);
}

double number(const Cell& cell) {
  const auto* value = std::get_if<double>(&cell);
  return value == nullptr ? std::numeric_limits<double>::quiet_NaN() : *value;
}

void read_questions(const Store& store, std::int64_t id, const std::string& key, StoredCase& out) {
  const std::vector<Parameter> bound = {{"id", id}};
  for (const auto& r : store
                           .query("SELECT task, document, target, facts FROM document WHERE "
                                  "case_run = :id ORDER BY task, document",
                                  bound)
                           .rows) {
    out.documents.push_back({key, to_text(r[0]), integer(r[1]), to_text(r[2]), to_text(r[3])});
  }
  const Table answers = store.query(
      "SELECT task, document, choice, filter, continuation, generated, log_likelihood, is_greedy, "
      "context_tokens, continuation_tokens, truncated_tokens, tokens_sha256, prompt_sha256 "
      "FROM answer WHERE case_run = :id ORDER BY task, document, choice, filter",
      bound);
  for (const auto& r : answers.rows) {
    out.answers.push_back({.case_key = key,
                           .task = to_text(r[0]),
                           .document = integer(r[1]),
                           .choice = integer(r[2]),
                           .filter = to_text(r[3]),
                           .continuation = to_text(r[4]),
                           .generated = to_text(r[5]),
                           .log_likelihood = number(r[6]),
                           .is_greedy = integer(r[7]) != 0,
                           .context_tokens = integer(r[8]),
                           .continuation_tokens = integer(r[9]),
                           .truncated_tokens = integer(r[10]),
                           .tokens_sha256 = to_text(r[11]),
                           .prompt_sha256 = to_text(r[12])});
  }
}

void read_samples(const Store& store, std::int64_t id, const std::string& key, StoredCase& out) {
  const Table samples = store.query(
      "SELECT l.number, s.metric, s.scope, s.\"index\", s.value FROM sample s JOIN launch l ON "
      "l.id = s.launch "
      "WHERE s.case_run = :id ORDER BY l.number, l.id, s.metric, s.scope, s.\"index\"",
      {{"id", id}});
  for (const auto& r : samples.rows) {
    const std::int64_t launch = integer(r[0]);
    if (out.launches.empty() || out.launches.back().number != launch)
      out.launches.push_back({launch, {}});
    out.launches.back().samples.push_back(
        {key, to_text(r[1]), to_text(r[2]), integer(r[3]), number(r[4])});
  }
}

}  // namespace

void execute(const Store& store, const std::string& sql, const std::vector<Parameter>& parameters) {
  store.query(sql, parameters);
}

std::optional<std::int64_t> find_unfinished(const Store& store, const std::string& plan) {
  for (const auto& row :
       store
           .query(
               "SELECT id, owner FROM run WHERE plan = :plan AND ended_at IS NULL ORDER BY id DESC",
               {{"plan", plan}})
           .rows) {
    if (!is_alive(to_text(row[1]))) return integer(row[0]);
  }
  return std::nullopt;
}

std::int64_t take_over(const Store& store, std::int64_t run) {
  execute(store, "UPDATE run SET owner = :owner WHERE id = :id",
          {{"owner", this_owner()}, {"id", run}});
  execute(
      store,
      "UPDATE launch SET ended_at = :now, exit = 'abandoned' WHERE run = :id AND ended_at IS NULL",
      {{"now", utc_now()}, {"id", run}});
  return run;
}

std::int64_t insert_run(const Store& store, const RunRow& row) {
  execute(store,
          "INSERT INTO run (started_at, plan, command, question_limit, build, owner, environment) "
          "VALUES (:now, :plan, :command, :limit, :build, :owner, :environment)",
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

void clear_unfinished_timed(const Store& store, std::int64_t run, const RunRow& row,
                            const std::map<std::string, std::int64_t>& case_runs) {
  for (const CaseRow& c : row.cases) {
    if (!c.timed) continue;
    for (const std::string table : {"sample", "routing", "answer", "document"}) {
      execute(store,
              fmt::format("DELETE FROM {} WHERE case_run IN (SELECT id FROM case_run WHERE id = "
                          ":id AND run = :run AND outcome = 'pending')",
                          table),
              {{"id", case_runs.at(c.key)}, {"run", run}});
    }
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

void insert_value(const Store& store, std::int64_t case_run, const Value& v) {
  execute(store,
          "INSERT INTO value (case_run, metric, scope, estimate, low, high, standard_error, n) "
          "VALUES (:case, :metric, :scope, :estimate, :low, :high, :error, :n)",
          {{"case", case_run},
           {"metric", metric_id(store, *v.metric)},
           {"scope", v.scope},
           {"estimate", real(v.estimate)},
           {"low", real(v.low)},
           {"high", real(v.high)},
           {"error", real(v.standard_error)},
           {"n", v.n}});
}

StoredCase read_case(const Store& store, std::int64_t case_run, const std::string& case_key) {
  StoredCase out;
  read_questions(store, case_run, case_key, out);
  read_samples(store, case_run, case_key, out);
  for (const auto& r : store
                           .query("SELECT layer, expert, tokens FROM routing WHERE case_run = :id "
                                  "ORDER BY layer, expert",
                                  {{"id", case_run}})
                           .rows) {
    out.routing.push_back({case_key, integer(r[0]), integer(r[1]), integer(r[2])});
  }
  return out;
}

}  // namespace moe
