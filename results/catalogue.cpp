#include "results/catalogue.h"

#include <cmath>

#include "results/rows.h"

namespace moe {
namespace {

/// SQLite has no NaN.
Cell real(double value) {
  return std::isfinite(value) ? Cell(value) : Cell(nullptr);
}

/// A metric's definition in words, from its unit, direction and determinism.
std::string described(const std::vector<Cell>& cells) {
  return fmt::format("[{}], {} is better, {}", to_text(cells.at(0)),
                     to_text(cells.at(1)) == "1" ? "higher" : "lower",
                     to_text(cells.at(2)) == "1" ? "deterministic" : "not deterministic");
}

}  // namespace

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
  const std::string insert_or_update =
      "INSERT INTO target (identity, name, spec, family, dtype, numerics, experts, "
      "experts_per_token, parameters_total, parameters_active, weight_bytes, facts) "
      "VALUES (:identity, :name, :spec, :family, :dtype, :numerics, :experts, :top_k, :total, "
      ":active, :bytes, :facts) "
      "ON CONFLICT (identity) DO UPDATE SET name = excluded.name, spec = excluded.spec, "
      "family = excluded.family, dtype = excluded.dtype, numerics = excluded.numerics, "
      "experts = excluded.experts, experts_per_token = excluded.experts_per_token, "
      "parameters_total = excluded.parameters_total, "
      "parameters_active = excluded.parameters_active, weight_bytes = excluded.weight_bytes, "
      "facts = excluded.facts RETURNING id";
  const Table row = store.query(insert_or_update, {{"identity", t.identity},
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
  return std::get<std::int64_t>(row.rows.at(0).at(0));
}

std::int64_t metric_id(const Store& store, const Metric& m) {
  const std::vector<Parameter> parameters = {{"name", std::string(m.name)},
                                             {"unit", std::string(m.unit)},
                                             {"up", std::int64_t{m.higher_is_better}},
                                             {"fixed", std::int64_t{m.deterministic}}};
  const std::int64_t id =
      insert_or_find(store,
                     "INSERT INTO metric (name, unit, higher_is_better, deterministic) VALUES "
                     "(:name, :unit, :up, :fixed)",
                     "SELECT id FROM metric WHERE name = :name", parameters);
  const Table known = store.query(
      "SELECT unit, higher_is_better, deterministic FROM metric WHERE name = :name", parameters);
  const std::string stored = described(known.rows.at(0));
  const std::string found =
      described({parameters[1].value, parameters[2].value, parameters[3].value});
  require(stored == found,
          "{}: metric {} is stored as {}, found {}; give it another name, or use another store",
          store.file().string(), m.name, stored, found);
  return id;
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

}  // namespace moe
