// compare() as an article.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/error.h"
#include "reports/compare.h"
#include "reports/escape.h"
#include "reports/sources.h"

namespace moe {
namespace {

using RunPair = std::pair<std::int64_t, std::int64_t>;

/// The runs that stand beside each other, of compare()'s columns A_run and B_run.
std::set<RunPair> run_pairs(const Table& table) {
  const auto at = [&](std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(table.columns, name) - table.columns.begin());
  };
  const std::size_t a = at("A_run"), b = at("B_run");
  std::set<RunPair> pairs;
  for (const auto& row : table.rows)
    pairs.emplace(std::get<std::int64_t>(row.at(a)), std::get<std::int64_t>(row.at(b)));
  return pairs;
}

/// By which facts the environments of runs beside each other differ; a sentence for each two
/// environments.
std::string environments_text(const Store& store, const std::set<RunPair>& pairs) {
  std::set<RunPair> named;  // environments
  std::string text;
  for (const auto& [a, b] : pairs) {
    const Table found = store.query(
        "WITH described AS (SELECT r.id AS run, e.id, json_patch(json_object('host', e.host, "
        "'cpu', "
        "e.cpu, 'cores', e.cores, 'memory_bytes', e.memory_bytes, 'gpu', e.gpu, 'driver', "
        "e.driver, "
        "'os', e.os), e.facts) AS facts FROM run r JOIN environment e ON e.id = r.environment) "
        "SELECT a.id, b.id, differences(a.facts, b.facts) FROM described a JOIN described b "
        "WHERE a.run = :a AND b.run = :b AND a.id <> b.id",
        {{"a", a}, {"b", b}});
    if (found.rows.empty()) continue;
    const auto& row = found.rows[0];
    if (!named.emplace(std::get<std::int64_t>(row.at(0)), std::get<std::int64_t>(row.at(1))).second)
      continue;
    text += fmt::format("Run {} and run {} ran in different environments: {}.\n\n", a, b,
                        escape_markdown(to_text(row.at(2))));
  }
  return text;
}

/// Whether all values were compared, and none is another.
bool none_differs(const Table& table) {
  return std::ranges::all_of(table.rows, [&](const auto& row) {
    return row.at(kComparedDifference) == Cell(0.0) || row.at(kComparedRatio) == Cell(1.0);
  });
}

std::string prose_of(const Table& table, const Side& a, const Side& b) {
  std::map<std::string, int> verdicts;
  for (const auto& row : table.rows) ++verdicts[to_text(row[kComparedVerdict])];
  std::vector<std::string> counts;
  counts.reserve(verdicts.size());
  for (const auto& [word, count] : verdicts) counts.push_back(fmt::format("{} {}", count, word));
  std::string text =
      fmt::format("\nA is {}, B is {}. Of {} values: {}.", escape_markdown(a.label),
                  escape_markdown(b.label), table.rows.size(), fmt::join(counts, ", "));
  if (none_differs(table)) {
    text += " No value differs.";
    if (verdicts.contains("unsure"))
      text += " Where that is *unsure*, too little was measured to show that the two are the same.";
  }
  text += fmt::format(
      "\n\nShares of questions are compared by their difference, everything else by its ratio. "
      "*Same* means that the whole 95 % interval lies within {:.0f} % of no change; *unsure*, that "
      "it "
      "holds no change and reaches further, or that a value was read once and has no interval.",
      kSameWithin * 100);
  if (verdicts.contains("not compared"))
    text += " *Not compared*: the two were asked different data under one name.";
  return text + "\n\n";
}

}  // namespace

Article comparison(const Store& store, std::string_view a, std::string_view b) {
  const Side first = find_side(store, a);
  const Side second = find_side(store, b);
  Exhibit exhibit{.caption =
                      "Every value that both have; difference is B − A, ratio is B / A, "
                      "n is how many questions or documents both answered",
                  .otherwise = "",
                  .sql = "",
                  .table = compare(store, first, second),
                  .runs = {},
                  .chart = {}};
  require(!exhibit.table.rows.empty(),
          "{}: {} and {} share no value: run one suite on both at the same points",
          store.file().string(), first.label, second.label);
  const std::string prose =
      prose_of(exhibit.table, first, second) + environments_text(store, run_pairs(exhibit.table));
  exhibit.runs = take_runs(exhibit.table);
  return {.name = "compare",
          .files = "compare",
          .title = fmt::format("{} against {}", second.label, first.label),
          .parameters = {{"a", std::string(a)}, {"b", std::string(b)}},
          .blocks = {Prose{prose}, exhibit},
          .common_sql = "",
          .runs = read_sources(store, exhibit.runs)};
}

}  // namespace moe
