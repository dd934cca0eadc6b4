// compare() as an article.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/error.h"
#include "reports/audits.h"
#include "reports/change.h"
#include "reports/compare.h"
#include "reports/escape.h"
#include "reports/paired_rows.h"
#include "reports/sources.h"

namespace moe {
namespace {

using RunPair = std::pair<std::int64_t, std::int64_t>;

/// The runs that stand beside each other, of compare()'s columns A_run and B_run.
std::set<RunPair> run_pairs(const Table& table) {
  const std::size_t a = column_of(table, "A_run"), b = column_of(table, "B_run");
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

bool has_shares(const Table& table) {
  return std::ranges::any_of(table.rows,
                             [](const auto& row) { return is_share(to_text(row.at(2))); });
}

/// Whether all values were compared, and none is another.
bool none_differs(const Table& table) {
  return std::ranges::all_of(table.rows, [&](const auto& row) {
    return row.at(kComparedDifference) == Cell(0.0) || row.at(kComparedRatio) == Cell(1.0);
  });
}

/// A row of compare() whose scores are paired by question has this.
bool is_of_questions(const Table& table, const std::vector<Cell>& row) {
  return !std::holds_alternative<std::nullptr_t>(row.at(column_of(table, "detectable")));
}

std::string verdicts_text(const Table& table, const Side& a, const Side& b) {
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

/// What the columns of the questions' table mean, and how many differences outlast the correction.
std::string questions_text(const Table& table) {
  const std::size_t corrected = column_of(table, "p_holm"), cluster = column_of(table, "clusters");
  int family = 0, told_apart = 0, clustered = 0, rows = 0;
  for (const auto& row : table.rows) {
    rows += is_of_questions(table, row) ? 1 : 0;
    clustered += std::holds_alternative<std::int64_t>(row.at(cluster)) ? 1 : 0;
    const auto* p = std::get_if<double>(&row.at(corrected));
    if (p == nullptr) continue;
    ++family;
    told_apart += *p <= 0.05 ? 1 : 0;
  }
  if (rows == 0) return "";
  std::string text = fmt::format(
      "Questions that both answered are paired. *A alone* and *B alone* count those that one got "
      "right and the other did not, *p* is McNemar's exact test of them; *p (Holm)* is corrected "
      "for how many scores of whole suites the table has (rows without a scope): {}, of which {} "
      "at most 0.05. *Detectable* is the difference that so many questions find with 80 % "
      "probability at 5 %, where the two are apart on as many as here.",
      family, told_apart == 1 ? "1 is" : fmt::format("{} are", told_apart));
  if (clustered > 0)
    text += fmt::format(
        " In {} {} questions share a passage or a subject: there the interval holds the one over "
        "these clusters too, while p takes questions as independent.",
        clustered, clustered == 1 ? "row" : "rows");
  return text + "\n\n";
}

/// Questions that were left out, a sentence for each two cases.
std::string left_out_text(const Store& store, const MatchedValues& matched) {
  std::set<RunPair> seen;  // case_runs
  std::string text;
  for (const auto& [a, b, same_data] : matched.values) {
    if (!same_data || a.case_run == b.case_run || !seen.emplace(a.case_run, b.case_run).second)
      continue;
    const std::int64_t n = asked_otherwise(store, a.case_run, b.case_run);
    if (n > 0)
      text += fmt::format(
          "{} questions of {} were asked in other words (their prompts' digests differ) and are "
          "not paired.\n\n",
          n, escape_markdown(a.suite));
  }
  return text;
}

struct Column {
  std::string_view name, shown;
};

/// Scores in percent, differences in percentage points.
constexpr Column kQuestionColumns[] = {{"suite", "suite"},
                                       {"point", "point"},
                                       {"metric", "metric"},
                                       {"scope", "scope"},
                                       {"n", "n"},
                                       {"A [=unit]", "A [%]"},
                                       {"A_low", "A_low"},
                                       {"A_high", "A_high"},
                                       {"B [=unit]", "B [%]"},
                                       {"B_low", "B_low"},
                                       {"B_high", "B_high"},
                                       {"difference [+=unit]", "difference [pp]"},
                                       {"difference_low", "difference_low"},
                                       {"difference_high", "difference_high"},
                                       {"verdict", "verdict"},
                                       {"A_alone", "A alone"},
                                       {"B_alone", "B alone"},
                                       {"p", "p"},
                                       {"p_holm", "p (Holm)"},
                                       {"detectable", "detectable [%]"},
                                       {"clusters", "clusters"},
                                       {"A_run", "A_run"},
                                       {"B_run", "B_run"}};

constexpr std::string_view kOfQuestionsAlone[] = {"A_alone", "B_alone",    "p",
                                                  "p_holm",  "detectable", "clusters"};

bool has_any(const Table& table, std::string_view column) {
  const std::size_t at = column_of(table, column);
  return std::ranges::any_of(table.rows, [&](const auto& row) {
    return !std::holds_alternative<std::nullptr_t>(row[at]);
  });
}

Table of_questions(const Table& all) {
  Table table;
  std::vector<std::size_t> from;
  for (const Column& column : kQuestionColumns) {
    if (column.name == "clusters" && !has_any(all, column.name)) continue;
    table.columns.emplace_back(column.shown);
    from.push_back(column_of(all, column.name));
  }
  for (const auto& row : all.rows) {
    if (!is_of_questions(all, row)) continue;
    std::vector<Cell>& cells = table.rows.emplace_back();
    for (const std::size_t c : from) cells.push_back(row.at(c));
  }
  return table;
}

Table of_everything_else(const Table& all) {
  std::vector<std::size_t> kept;
  Table table;
  for (std::size_t c = 0; c < all.columns.size(); ++c) {
    if (std::ranges::find(kOfQuestionsAlone, all.columns[c]) != std::end(kOfQuestionsAlone))
      continue;
    kept.push_back(c);
    table.columns.push_back(all.columns[c]);
  }
  for (const auto& row : all.rows) {
    if (is_of_questions(all, row)) continue;
    std::vector<Cell> cells;
    for (const std::size_t c : kept) cells.push_back(row.at(c));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

void add_exhibit(Article& article, std::string caption, Table table) {
  if (table.rows.empty()) return;
  Exhibit exhibit{.caption = std::move(caption),
                  .otherwise = "",
                  .sql = "",
                  .table = std::move(table),
                  .runs = {},
                  .chart = {}};
  exhibit.runs = take_runs(exhibit.table);
  article.blocks.emplace_back(std::move(exhibit));
}

}  // namespace

Article comparison(const Store& store, std::string_view a, std::string_view b) {
  const Side first = find_side(store, a);
  const Side second = find_side(store, b);
  const Table table = compare(store, first, second);
  require(!table.rows.empty(),
          "{}: {} and {} share no value: run one suite on both at the same points",
          store.file().string(), first.label, second.label);
  const std::set<RunPair> pairs = run_pairs(table);
  const std::string prose = verdicts_text(table, first, second) + questions_text(table) +
                            left_out_text(store, match_values(store, first, second)) +
                            environments_text(store, pairs) +
                            (has_shares(table) ? audits_text(store, first, second) : "");
  std::set<std::int64_t> runs;
  for (const auto& [of_a, of_b] : pairs) runs.insert({of_a, of_b});
  Article article{.name = "compare",
                  .files = "compare",
                  .title = fmt::format("{} against {}", second.label, first.label),
                  .parameters = {{"a", std::string(a)}, {"b", std::string(b)}},
                  .blocks = {Prose{prose}},
                  .common_sql = "",
                  .runs = read_sources(store, {runs.begin(), runs.end()})};
  add_exhibit(article, "Scores, paired by question; difference is B − A", of_questions(table));
  add_exhibit(
      article,
      "Every other value that both have; difference is B − A, ratio is B / A, n is how many "
      "documents both have",
      of_everything_else(table));
  return article;
}

}  // namespace moe
