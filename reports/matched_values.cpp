#include "reports/matched_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "harness/error.h"
#include "reports/find_target.h"

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
      side.is_run ? "v.run = :id" : "v.target = :id AND v.case_run IN (SELECT id FROM newest)";
  const Table table = store.query(
      fmt::format("SELECT v.suite, v.point, v.metric, v.scope, v.unit, c.dataset_digest,"
                  " v.suite_version, v.case_run, v.run, v.target, v.higher_is_better,"
                  " v.deterministic, v.estimate, v.low, v.high, v.target_name,"
                  " v.kind = 'sparsity'"
                  " FROM result v JOIN \"case\" c ON c.key = v.case_key"
                  " WHERE v.outcome = 'ok' AND v.estimate IS NOT NULL"
                  "   AND v.metric NOT IN ('answer_share', 'gold_share')"  // shown, not judged
                  "   AND v.metric NOT GLOB '*_stderr_clustered' AND {}"
                  " ORDER BY v.suite, v.ordinal, v.metric, v.scope",
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
                      .dataset_digest = to_text(row[5]),
                      .target_name = to_text(row[15]),
                      .suite_version = whole(row[6]),
                      .case_run = whole(row[7]),
                      .run = whole(row[8]),
                      .target = whole(row[9]),
                      .higher_is_better = whole(row[10]) != 0,
                      .deterministic = whole(row[11]) != 0,
                      .is_sweep = whole(row[16]) != 0,
                      .estimate = {real(row[12]), real(row[13]), real(row[14])}});
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

}  // namespace

Side find_side(const Store& store, std::string_view what) {
  const std::string text(what);
  const Table run = store.query("SELECT id FROM run WHERE id = :what", {{"what", text}});
  if (!run.rows.empty())
    return {.label = "run " + text, .is_run = true, .id = whole(run.rows[0][0])};
  if (const auto target = find_target(store, what))
    return {.label = target->label, .is_run = false, .id = target->id};
  const Table runs = store.query("SELECT count(*) FROM run");
  throw Error(
      fmt::format("'{}' is neither a run nor a target of {}; it has {} runs (moebench list "
                  "runs) and the targets: {}",
                  what, store.file().string(), to_text(runs.rows.at(0).at(0)), target_names(store)),
      std::source_location::current());
}

std::string point_of(const Store& store, const ComparedValue& value, bool named) {
  const Table readable = store.query("SELECT readable(:point)", {{"point", value.point}});
  std::string point = to_text(readable.rows.at(0).at(0));
  if (named) point = value.target_name + (point.empty() ? "" : ", " + point);
  return point;
}

MatchedValues match_values(const Store& store, const Side& a, const Side& b) {
  const std::vector<ComparedValue> of_a = values_of(store, a);
  const std::vector<ComparedValue> of_b = values_of(store, b);
  const bool by_target = match_targets(a, b, targets_of(of_a), targets_of(of_b));
  const auto key = [&](const ComparedValue& value) {
    return std::tuple(value.suite, value.suite_version, value.point, value.metric, value.scope,
                      by_target ? value.target : 0);
  };
  std::map<decltype(key(of_a.front())), std::vector<const ComparedValue*>> second;
  for (const ComparedValue& value : of_b) second[key(value)].push_back(&value);
  MatchedValues matched{.values = {}, .named = by_target && targets_of(of_a).size() > 1};
  for (const ComparedValue& value : of_a) {
    const auto found = second.find(key(value));
    if (found == second.end()) continue;
    const auto match =
        std::ranges::find(found->second, value.dataset_digest, &ComparedValue::dataset_digest);
    const bool same_data = match != found->second.end();
    matched.values.push_back({value, same_data ? **match : *found->second.back(), same_data});
  }
  return matched;
}

}  // namespace moe
