#include "results/export_choice.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

std::int64_t integer(const Cell& cell) {
  const auto* value = std::get_if<std::int64_t>(&cell);
  return value == nullptr ? 0 : *value;
}

/// The one target of the run that the choice names, or the only one.
std::int64_t choose_target(const Store& store, std::int64_t run, const std::string& wanted) {
  const Table targets = store.query(
      "SELECT DISTINCT t.id, t.name, t.spec, t.identity FROM case_run cr JOIN \"case\" c ON c.id = "
      "cr.\"case\" JOIN target t ON t.id = c.target WHERE cr.run = :run ORDER BY t.id",
      {{"run", run}});
  require(!targets.rows.empty(), "{}: no run {}", store.file().string(), run);
  std::string all, fit;
  std::int64_t chosen = 0, found = 0;
  for (const auto& row : targets.rows) {
    const std::string spec = to_text(row[2]);
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", spec);
    const bool fits = wanted.empty() || to_text(row[1]) == wanted || spec == wanted ||
                      to_text(row[3]).starts_with(wanted);
    if (!fits) continue;
    ++found;
    chosen = integer(row[0]);
    fit += fmt::format("{}\"{}\"", fit.empty() ? "" : ", ", spec);
  }
  require(found > 0, "{}: run {} has no target \"{}\"; its targets are {}", store.file().string(),
          run, wanted, all);
  require(found == 1, "{}: run {} has {} targets{}; name one with --target: {}",
          store.file().string(), run, found,
          wanted.empty() ? "" : fmt::format(" named \"{}\"", wanted), fit);
  return chosen;
}

std::string as_options(const ExportedCase& c) {
  return fmt::format("--suite {} --point '{}'", c.suite, c.point_json);
}

std::vector<ExportedCase> cases_with_questions(const Store& store, std::int64_t run,
                                               std::int64_t target, const ExportChoice& choice) {
  const Table table = store.query(
      "SELECT cr.id, c.suite_version, coalesce(c.point ->> 'shots', 0), c.suite, s.kind, c.point "
      "FROM case_run cr JOIN \"case\" c ON c.id = cr.\"case\" JOIN suite s ON s.id = cr.suite "
      "WHERE cr.run = :run AND c.target = :target AND (:suite = '' OR c.suite = :suite) AND "
      "(:point = '' OR c.point = :point) AND EXISTS (SELECT * FROM answer a WHERE a.case_run = "
      "cr.id) ORDER BY cr.ordinal",
      {{"run", run}, {"target", target}, {"suite", choice.suite}, {"point", choice.point}});
  std::vector<ExportedCase> cases;
  cases.reserve(table.rows.size());
  for (const auto& r : table.rows) {
    cases.push_back({.case_run = integer(r[0]),
                     .version = integer(r[1]),
                     .shots = integer(r[2]),
                     .suite = to_text(r[3]),
                     .kind = to_text(r[4]),
                     .point_json = to_text(r[5])});
  }
  return cases;
}

/// Error where two cases asked questions of one task. Documents without answers are the prompts of
/// timed steps, the same at every point.
void check_distinct(const Store& store, const std::vector<ExportedCase>& cases) {
  std::map<std::string, const ExportedCase*> asked;
  for (const ExportedCase& c : cases) {
    for (const auto& row :
         store.query("SELECT DISTINCT task FROM answer WHERE case_run = :id", {{"id", c.case_run}})
             .rows) {
      const auto [other, is_new] = asked.insert({to_text(row[0]), &c});
      require(is_new, "{}: task {} was asked by several cases of the run; choose one with {} or {}",
              store.file().string(), to_text(row[0]), as_options(*other->second), as_options(c));
    }
  }
}

}  // namespace

Exported choose(const Store& store, std::int64_t run, const ExportChoice& choice) {
  Exported out{.target = choose_target(store, run, choice.target), .cases = {}};
  ExportChoice what = choice;
  if (!what.point.empty()) {  // spaces do not matter
    const auto point = nlohmann::json::parse(what.point, nullptr, /*allow_exceptions=*/false);
    require(point.is_object(), "--point {}: expected JSON as {{\"shots\":5}}", what.point);
    what.point = point.dump();
  }
  out.cases = cases_with_questions(store, run, out.target, what);
  // A sweep asks the questions of another suite again at every point: it is exported when named.
  if (choice.suite.empty())
    std::erase_if(out.cases, [](const ExportedCase& c) { return c.kind == "sparsity"; });
  require(!out.cases.empty(),
          "{}: run {} stored no questions of that choice (suite \"{}\", point \"{}\"; those of a "
          "sparsity suite are exported where --suite names it)",
          store.file().string(), run, choice.suite, choice.point);
  check_distinct(store, out.cases);
  return out;
}

}  // namespace moe
