#include "reports/differing_questions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/error.h"
#include "reports/escape.h"
#include "reports/matched_values.h"
#include "reports/paired_rows.h"
#include "reports/sources.h"

namespace moe {
namespace {

/// What a side chose: the likeliest choice, the first of equals; or the text that it generated. Of
/// one continuation there is nothing else to choose.
std::string chosen(std::string_view side) {
  return fmt::format(
      "(SELECT substr(trim(replace(CASE WHEN w.generated <> '' THEN w.generated"
      "   WHEN {0}.choices > 1 OR {0}.score = 1 THEN w.continuation END, char(10), ' ')), 1, 80)"
      " FROM answer w WHERE w.case_run = {0}.case_run AND w.task = {0}.task"
      "   AND w.document = {0}.document AND w.filter = 'none'"
      " ORDER BY w.log_likelihood DESC, w.choice LIMIT 1)",
      side);
}

/// Null where there is one choice, or a text.
std::string margin(std::string_view side) {
  return fmt::format(
      "(SELECT max(CASE WHEN w.choice = CAST({0}.target AS INTEGER) THEN w.log_likelihood END)"
      "      - max(CASE WHEN w.choice <> CAST({0}.target AS INTEGER) THEN w.log_likelihood END)"
      " FROM answer w WHERE w.case_run = {0}.case_run AND w.task = {0}.task"
      "   AND w.document = {0}.document AND w.filter = 'none' AND {0}.choices > 1)",
      side);
}

/// The documents of a case with their score.
std::string side_sql(std::string_view id) {
  return fmt::format(
      "SELECT case_run, task, document, target, metrics ->> :metric AS score, coalesce(facts ->> "
      "'choices', 1) AS choices FROM document WHERE case_run = :{}",
      id);
}

Table rows_of(const Store& store, const MatchedValue& pair) {
  const std::string sql = fmt::format(
      "WITH x AS ({}), y AS ({}) "
      "SELECT x.task, x.document, CASE WHEN x.score > y.score THEN 'A' ELSE 'B' END AS right,"
      "  coalesce((SELECT substr(trim(w.continuation), 1, 80) FROM answer w"
      "    WHERE w.case_run = x.case_run AND w.task = x.task AND w.document = x.document"
      "      AND w.filter = 'none' AND w.choice = CAST(x.target AS INTEGER)"
      "      AND w.generated = ''), x.target) AS gold,"
      "  {} AS a_chose, {} AS b_chose, {} AS a_margin, {} AS b_margin "
      "FROM x JOIN y ON y.task = x.task AND y.document = x.document "
      "WHERE x.score <> y.score AND NOT {} ORDER BY x.task, x.document",
      side_sql("a"), side_sql("b"), chosen("x"), chosen("y"), margin("x"), margin("y"),
      kAskedOtherwise);
  return store.query(
      sql, {{"metric", "$." + pair.a.metric}, {"a", pair.a.case_run}, {"b", pair.b.case_run}});
}

/// How far apart the margins are; nothing of a text, which has none.
double apart(const std::vector<Cell>& row, std::size_t a, std::size_t b) {
  const auto* of_a = std::get_if<double>(&row.at(a));
  const auto* of_b = std::get_if<double>(&row.at(b));
  return of_a == nullptr || of_b == nullptr ? -1 : std::abs(*of_a - *of_b);
}

/// The suites that both answered, each by what says of a question whether it is right.
MatchedValues asked_of_both(const Store& store, const Side& a, const Side& b,
                            std::string_view suite) {
  MatchedValues matched = match_values(store, a, b);
  std::erase_if(matched.values, [&](const MatchedValue& pair) {
    const bool judges = pair.a.metric == "acc" || pair.a.metric == "exact_match";
    const bool asked = suite.empty() ? !pair.a.is_sweep : pair.a.suite == suite;
    return !judges || !asked || !pair.a.scope.empty() || !pair.same_data;
  });
  require(!matched.values.empty(), "{}: {} and {} answered no questions both{}: run {} on both",
          store.file().string(), a.label, b.label,
          suite.empty() ? "" : fmt::format(" of suite \"{}\"", suite),
          suite.empty() ? std::string("one suite") : std::string(suite));
  return matched;
}

/// One line of the text, and the rows of a pair of cases put behind those there are.
std::string take(const Store& store, const MatchedValue& pair, const std::string& point,
                 Table& table) {
  const Table rows = rows_of(store, pair);
  const auto of_a =
      std::ranges::count_if(rows.rows, [](const auto& row) { return to_text(row.at(2)) == "A"; });
  for (const std::vector<Cell>& row : rows.rows) {
    std::vector<Cell> cells = {pair.a.suite, point};
    cells.insert(cells.end(), row.begin(), row.end());
    cells.insert(cells.end(), {Cell(pair.a.run), Cell(pair.b.run)});
    table.rows.push_back(std::move(cells));
  }
  const std::string name = pair.a.suite + (point.empty() ? "" : " (" + point + ")");
  std::string text = fmt::format("* {}: A alone is right on {} questions, B alone on {}.",
                                 escape_markdown(name), of_a, std::ssize(rows.rows) - of_a);
  const std::int64_t otherwise = asked_otherwise(store, pair.a.case_run, pair.b.case_run);
  if (otherwise > 0)
    text += fmt::format(
        " {} questions were asked in other words (their prompts' digests differ) and are left out.",
        otherwise);
  return text + "\n";
}

}  // namespace

Article differing_questions(const Store& store, std::string_view a, std::string_view b,
                            const QuestionChoice& choice) {
  const Side first = find_side(store, a), second = find_side(store, b);
  Table table{.columns = {"suite", "point", "task", "document", "right", "gold", "A chose",
                          "B chose", "A margin [+nat]", "B margin [+nat]", "A_run", "B_run"},
              .rows = {}};
  constexpr std::size_t kMarginA = 8, kMarginB = 9;
  std::string text = fmt::format("\nA is {}, B is {}.\n\n", escape_markdown(first.label),
                                 escape_markdown(second.label));
  const MatchedValues matched = asked_of_both(store, first, second, choice.suite);
  for (const MatchedValue& pair : matched.values)
    text += take(store, pair, point_of(store, pair.a, matched.named), table);
  std::ranges::stable_sort(table.rows, std::greater{},
                           [&](const auto& row) { return apart(row, kMarginA, kMarginB); });
  text +=
      "\nA *margin* is the log-likelihood of the right choice above that of the likeliest other: "
      "below 0 the other was answered. The first rows are those whose margins are furthest apart; "
      "texts that were generated have none. `moebench inspect prompt` shows a question.\n\n";
  if (choice.first && *choice.first < table.rows.size()) {
    text += fmt::format("Shown are the first {} of {}.\n\n", *choice.first, table.rows.size());
    table.rows.resize(*choice.first);
  }
  Exhibit exhibit{.caption = "The questions that one alone got right",
                  .otherwise = "There is none.",
                  .sql = "",
                  .table = std::move(table),
                  .runs = {},
                  .chart = {}};
  exhibit.runs = take_runs(exhibit.table);
  return {.name = "questions",
          .files = "questions",
          .title = fmt::format("Where {} and {} differ", first.label, second.label),
          .parameters = {{"a", std::string(a)}, {"b", std::string(b)}},
          .blocks = {Prose{text}, exhibit},
          .common_sql = "",
          .runs = read_sources(store, exhibit.runs)};
}

}  // namespace moe
