#include "reports/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "harness/error.h"
#include "reports/compare_paired.h"

namespace moe {
namespace {

double real(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  const auto* value = std::get_if<double>(&cell);
  return value == nullptr ? std::nan("") : *value;
}

std::int64_t whole(const Cell& cell) {
  const auto* value = std::get_if<std::int64_t>(&cell);
  return value == nullptr ? 0 : *value;
}

std::vector<ComparedValue> values_of(const Store& store, const Side& side) {
  const std::string_view mine =
      side.is_run ? "run = :id" : "target = :id AND case_run IN (SELECT id FROM newest)";
  const Table table = store.query(
      fmt::format(
          "SELECT suite, point, metric, scope, unit, suite_version, case_run, run, target, n,"
          " higher_is_better, deterministic, estimate, low, high FROM result"
          " WHERE outcome = 'ok' AND estimate IS NOT NULL AND {}"
          " ORDER BY suite, ordinal, metric, scope",
          mine),
      {{"id", side.id}});
  std::vector<ComparedValue> values;
  values.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    values.push_back({.suite = to_text(row[0]),
                      .point = to_text(row[1]),
                      .metric = to_text(row[2]),
                      .scope = to_text(row[3]),
                      .unit = to_text(row[4]),
                      .suite_version = whole(row[5]),
                      .case_run = whole(row[6]),
                      .run = whole(row[7]),
                      .target = whole(row[8]),
                      .n = whole(row[9]),
                      .higher_is_better = whole(row[10]) != 0,
                      .deterministic = whole(row[11]) != 0,
                      .estimate = real(row[12]),
                      .low = real(row[13]),
                      .high = real(row[14])});
  }
  return values;
}

std::set<std::int64_t> targets_of(const std::vector<ComparedValue>& values) {
  std::set<std::int64_t> targets;
  for (const ComparedValue& value : values) targets.insert(value.target);
  return targets;
}

/// Whether values must be of one target to be set side by side.
bool match_targets(const Side& a, const Side& b, const std::set<std::int64_t>& of_a,
                   const std::set<std::int64_t>& of_b) {
  if (!a.is_run || !b.is_run) {
    require(
        of_a.size() <= 1 && of_b.size() <= 1,
        "a run of several targets cannot be compared with a target: give two runs or two targets");
    return false;
  }
  const bool shared = std::ranges::any_of(of_a, [&](std::int64_t id) { return of_b.contains(id); });
  require(shared || (of_a.size() == 1 && of_b.size() == 1),
          "{} and {} share no target and have several: compare two targets by name instead",
          a.label, b.label);
  return shared;
}

std::string verdict(const ComparedValue& a, const Difference& found) {
  const double scale = a.unit == "1" ? 1 : std::abs(a.estimate);
  const bool exact = a.deterministic && found.estimate == 0;
  if (exact || (found.low >= -kSameWithin * scale && found.high <= kSameWithin * scale))
    return "same";
  if (found.low <= 0 && found.high >= 0) return "unsure";
  const bool good = (found.estimate > 0) == a.higher_is_better;
  const bool speed = a.unit == "s" || a.unit.ends_with("/s");
  if (speed) return good ? "faster" : "slower";
  return good ? "better" : "worse";
}

std::vector<Cell> row_of(const ComparedValue& a, const ComparedValue& b, const Difference& found) {
  const Cell ratio = a.estimate == 0 ? Cell(nullptr) : Cell(b.estimate / a.estimate);
  return {a.suite,
          a.point,
          a.metric,
          a.scope,
          verdict(a, found),
          found.estimate,
          found.low,
          found.high,
          ratio,
          a.estimate,
          a.low,
          a.high,
          b.estimate,
          b.low,
          b.high,
          std::string(found.how),
          a.unit,
          a.run,
          b.run};
}

}  // namespace

Side find_side(const Store& store, std::string_view what) {
  const std::string text(what);
  const Table run = store.query("SELECT id FROM run WHERE id = :what", {{"what", text}});
  if (!run.rows.empty())
    return {.label = "run " + text, .is_run = true, .id = whole(run.rows[0][0])};
  const Table target =
      store.query("SELECT max(id) FROM target WHERE name = :what", {{"what", text}});
  if (const std::int64_t id = whole(target.rows.at(0).at(0)); id != 0) {
    return {.label = text, .is_run = false, .id = id};
  }
  std::set<std::string> names;
  for (const auto& row : store.query("SELECT DISTINCT name FROM target").rows) {
    names.insert(to_text(row[0]));
  }
  const Table runs = store.query("SELECT count(*) FROM run");
  throw Error(fmt::format("'{}' is neither a run nor a target of {}; it has {} runs (moebench list "
                          "runs) and the targets: {}",
                          what, store.file().string(), to_text(runs.rows.at(0).at(0)),
                          names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))),
              std::source_location::current());
}

Table compare(const Store& store, const Side& a, const Side& b) {
  Table table{
      .columns = {"suite", "point", "metric", "scope", "verdict", "difference [+=unit]",
                  "difference_low", "difference_high", "ratio [x]", "A [=unit]", "A_low", "A_high",
                  "B [=unit]", "B_low", "B_high", "how", "unit", "A_run", "B_run"},
      .rows = {}};
  const std::vector<ComparedValue> of_a = values_of(store, a);
  const std::vector<ComparedValue> of_b = values_of(store, b);
  const bool by_target = match_targets(a, b, targets_of(of_a), targets_of(of_b));
  const auto key = [&](const ComparedValue& value) {
    return std::tuple(value.suite, value.suite_version, value.point, value.metric, value.scope,
                      by_target ? value.target : 0);
  };
  std::map<decltype(key(of_a.front())), const ComparedValue*> second;
  for (const ComparedValue& value : of_b) second[key(value)] = &value;
  for (const ComparedValue& value : of_a) {
    const auto match = second.find(key(value));
    if (match == second.end()) continue;
    table.rows.push_back(row_of(value, *match->second, difference(store, value, *match->second)));
  }
  return table;
}

}  // namespace moe
