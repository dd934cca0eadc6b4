#include "reports/paired_rows.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "reports/scope_tasks.h"

namespace moe {
namespace {

double real(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  const auto* value = std::get_if<double>(&cell);
  require(value != nullptr, "a number of a document is '{}'", to_text(cell));
  return *value;
}

bool is_number(const std::string& type) {
  return type == "integer" || type == "real";
}

/// A metric of a document is a number, or [log-likelihood, units] where the whole is a quotient. No
/// tasks: all of them.
Table numbers_of(const Store& store, const ComparedValue& a, const ComparedValue& b,
                 const std::string& metric, const std::vector<std::string>& tasks) {
  const std::string sql = fmt::format(
      "SELECT json_type(x, path), json_type(y, path), json_extract(x, path), json_extract(y, path),"
      "       json_extract(x, path || '[0]'), json_extract(y, path || '[0]'),"
      "       json_extract(x, path || '[1]'), json_extract(y, path || '[1]'), cluster FROM ("
      "  SELECT x.metrics AS x, y.metrics AS y, '$.\"' || :metric || '\"' AS path,"
      "         coalesce(x.facts ->> 'cluster', '') AS cluster"
      "  FROM document x JOIN document y"
      "    ON y.case_run = :b AND y.task = x.task AND y.document = x.document"
      "  WHERE x.case_run = :a AND (:all OR x.task IN (SELECT value FROM json_each(:tasks)))"
      "    AND NOT {} ORDER BY x.task, x.document)",
      kAskedOtherwise);
  return store.query(sql, {{"metric", metric},
                           {"a", a.case_run},
                           {"b", b.case_run},
                           {"all", std::int64_t{tasks.empty()}},
                           {"tasks", nlohmann::json(tasks).dump()}});
}

/// The log-likelihood of a text with one continuation is a number, and counts as one unit.
bool is_log_likelihood(const ComparedValue& value) {
  return value.metric == "perplexity";
}

}  // namespace

PairedRows paired_rows(const Store& store, const ComparedValue& a, const ComparedValue& b) {
  Table table = numbers_of(store, a, b, a.metric, tasks_of_scope(store, a.case_run, a.scope));
  // What another filter took out of a generated text is graded under its name, for all questions.
  if (a.metric == "exact_match" && table.rows.empty() && !a.scope.empty())
    table = numbers_of(store, a, b, a.metric + "_" + a.scope, {});
  PairedRows rows;
  for (const auto& row : table.rows) {
    const std::string x = to_text(row[0]), y = to_text(row[1]);
    if (is_number(x) && is_number(y) && is_log_likelihood(a)) {
      rows.a.push_back(-real(row[2]));
      rows.b.push_back(-real(row[3]));
      rows.units.push_back(1);
    } else if (is_number(x) && is_number(y)) {
      rows.a.push_back(real(row[2]));
      rows.b.push_back(real(row[3]));
      rows.clusters.push_back(to_text(row[8]));
    } else if (x == "array" && y == "array") {
      require(real(row[6]) == real(row[7]), "{}: {} of one document is over {} units and over {}",
              a.suite, a.metric, real(row[6]), real(row[7]));
      rows.a.push_back(-real(row[4]));
      rows.b.push_back(-real(row[5]));
      rows.units.push_back(real(row[6]));
    }
  }
  return rows;
}

std::int64_t asked_otherwise(const Store& store, std::int64_t a, std::int64_t b) {
  const Table table = store.query(
      fmt::format("SELECT count(*) FROM document x JOIN document y ON y.case_run = :b AND y.task = "
                  "x.task AND y.document = x.document WHERE x.case_run = :a AND {}",
                  kAskedOtherwise),
      {{"a", a}, {"b", b}});
  return std::get<std::int64_t>(table.rows.at(0).at(0));
}

}  // namespace moe
