// compare() as an article.
#include <fmt/format.h>

#include <map>
#include <vector>

#include "reports/compare.h"
#include "reports/escape.h"
#include "reports/sources.h"

namespace moe {
namespace {

/// {"batch":8,"context":128} as "batch 8, context 128".
std::string readable_point(const std::string& json) {
  std::string text;
  for (const char c : json) {
    if (c == ':') {
      text += ' ';
    } else if (c == ',') {
      text += ", ";
    } else if (c != '{' && c != '}' && c != '"') {
      text += c;
    }
  }
  return text;
}

}  // namespace

Article comparison(const Store& store, std::string_view a, std::string_view b) {
  const Side first = find_side(store, a);
  const Side second = find_side(store, b);
  Exhibit exhibit{.caption = "Every value that both have; difference is B − A, ratio is B / A",
                  .otherwise = "They share no value: no suite was run on both at the same points.",
                  .sql = "",
                  .table = compare(store, first, second),
                  .runs = {},
                  .chart = {}};
  std::map<std::string, int> verdicts;
  for (auto& row : exhibit.table.rows) {
    row[kComparedPoint] = readable_point(to_text(row[kComparedPoint]));
    ++verdicts[to_text(row[kComparedVerdict])];
  }
  exhibit.runs = take_runs(exhibit.table);
  std::vector<std::string> counts;
  counts.reserve(verdicts.size());
  for (const auto& [word, count] : verdicts) counts.push_back(fmt::format("{} {}", count, word));
  const std::string prose = fmt::format(
      "\nA is {}, B is {}. Of {} values: {}.\n\n"
      "*Same* means that the whole 95 % interval of the difference lies within {:.0f} %; *unsure*, "
      "that "
      "it holds zero and reaches further.\n\n",
      escape_markdown(first.label), escape_markdown(second.label), exhibit.table.rows.size(),
      counts.empty() ? "none in common" : fmt::format("{}", fmt::join(counts, ", ")),
      kSameWithin * 100);
  return {.name = "compare",
          .title = fmt::format("{} against {}", second.label, first.label),
          .parameters = {{"a", std::string(a)}, {"b", std::string(b)}},
          .blocks = {Prose{prose}, exhibit},
          .common_sql = "",
          .runs = read_sources(store, exhibit.runs)};
}

}  // namespace moe
