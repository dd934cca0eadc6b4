// compare() as an article.
#include <fmt/format.h>

#include <map>
#include <vector>

#include "harness/error.h"
#include "reports/compare.h"
#include "reports/escape.h"
#include "reports/sources.h"

namespace moe {

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
  std::map<std::string, int> verdicts;
  for (const auto& row : exhibit.table.rows) ++verdicts[to_text(row[kComparedVerdict])];
  exhibit.runs = take_runs(exhibit.table);
  std::vector<std::string> counts;
  counts.reserve(verdicts.size());
  for (const auto& [word, count] : verdicts) counts.push_back(fmt::format("{} {}", count, word));
  const std::string prose = fmt::format(
      "\nA is {}, B is {}. Of {} values: {}.\n\n"
      "Shares of questions are compared by their difference, everything else by its ratio. *Same* "
      "means that the whole 95 % interval lies within {:.0f} % of no change; *unsure*, that it "
      "holds "
      "no change and reaches further, or that a value was read once and has no interval.{}\n\n",
      escape_markdown(first.label), escape_markdown(second.label), exhibit.table.rows.size(),
      fmt::join(counts, ", "), kSameWithin * 100,
      verdicts.contains("not compared")
          ? " *Not compared*: the two were asked different data under one name."
          : "");
  return {.name = "compare",
          .files = "compare",
          .title = fmt::format("{} against {}", second.label, first.label),
          .parameters = {{"a", std::string(a)}, {"b", std::string(b)}},
          .blocks = {Prose{prose}, exhibit},
          .common_sql = "",
          .runs = read_sources(store, exhibit.runs)};
}

}  // namespace moe
