#include "reports/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "harness/error.h"
#include "harness/paired.h"
#include "reports/change.h"

namespace moe {
namespace {

constexpr std::size_t kQuestionColumns = 6;  // from A_alone to clusters

bool is_same(const ComparedValue& a, const ComparedValue& b, const Change& found) {
  const double none = found.is_ratio ? 1 : 0;
  if (a.target == b.target && a.deterministic && found.by.value == none) return true;
  if (!found.has_interval) return false;
  if (found.is_ratio)
    return found.by.low >= 1 / (1 + kSameWithin) && found.by.high <= 1 + kSameWithin;
  const double within =
      kSameWithin *
      (is_share(a.metric) || is_mean_of_shares(a.metric) ? 1 : std::abs(found.a.value));
  return found.by.low >= -within && found.by.high <= within;
}

std::string verdict(const ComparedValue& a, const ComparedValue& b, const Change& found) {
  if (is_same(a, b, found)) return "same";
  const double none = found.is_ratio ? 1 : 0;
  if (!found.has_interval || (found.by.low <= none && found.by.high >= none)) return "unsure";
  const bool good = (found.by.value > none) == a.higher_is_better;
  const bool speed = a.unit == "s" || a.unit.ends_with("/s");
  if (speed) return good ? "faster" : "slower";
  return good ? "better" : "worse";
}

void append(std::vector<Cell>& row, const Estimate& estimate, bool known) {
  for (const double x : {estimate.value, estimate.low, estimate.high})
    row.push_back(known ? Cell(x) : Cell(nullptr));
}

/// p is corrected when all rows are there.
void append_questions(std::vector<Cell>& row, const std::optional<PairedQuestions>& questions) {
  if (!questions) {
    row.insert(row.end(), kQuestionColumns, Cell(nullptr));
    return;
  }
  const bool tested = questions->p.has_value();
  row.push_back(tested ? Cell(questions->only_a) : Cell(nullptr));
  row.push_back(tested ? Cell(questions->only_b) : Cell(nullptr));
  row.push_back(tested ? Cell(*questions->p) : Cell(nullptr));
  row.emplace_back(nullptr);
  row.emplace_back(questions->detectable);
  row.push_back(questions->clusters > 0 ? Cell(questions->clusters) : Cell(nullptr));
}

/// The family are the scores of whole suites, at each of their points.
void correct_for_their_number(Table& table) {
  const std::size_t scope = column_of(table, "scope"), p = column_of(table, "p");
  std::vector<std::vector<Cell>*> rows;
  std::vector<double> family;
  for (std::vector<Cell>& row : table.rows) {
    const auto* of_row = std::get_if<double>(&row.at(p));
    if (of_row == nullptr || !to_text(row.at(scope)).empty()) continue;
    rows.push_back(&row);
    family.push_back(*of_row);
  }
  const std::vector<double> corrected = holm(family);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i]->at(p + 1) = corrected[i];
}

/// `found` is nothing where the two were measured on different data. `named`: the point names the
/// target, of which there are several.
std::vector<Cell> row_of(const Store& store, const ComparedValue& a, const ComparedValue& b,
                         const std::optional<Change>& found, bool named) {
  const std::string word = found ? verdict(a, b, *found) : "not compared";
  const std::string point = point_of(store, a, named);
  std::vector<Cell> row = {a.suite, point, a.metric, a.scope, word};
  const Estimate by = found ? found->by : Estimate{};
  append(row, by, found && !found->is_ratio);
  append(row, by, found && found->is_ratio);
  append(row, found ? found->a : a.estimate, true);
  append(row, found ? found->b : b.estimate, true);
  row.push_back(found && found->common ? Cell(*found->common) : Cell(nullptr));
  append_questions(row, found ? found->questions : std::nullopt);
  row.emplace_back(std::string(found ? found->how : "different data"));
  row.insert(row.end(), {Cell(a.unit), Cell(a.run), Cell(b.run)});
  return row;
}

}  // namespace

std::size_t column_of(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table.columns, name);
  require(found != table.columns.end(), "a comparison has no column {}", name);
  return static_cast<std::size_t>(found - table.columns.begin());
}

Table compare(const Store& store, const Side& a, const Side& b) {
  Table table{.columns = {"suite",
                          "point",
                          "metric",
                          "scope",
                          "verdict",
                          "difference [+=unit]",
                          "difference_low",
                          "difference_high",
                          "ratio [x]",
                          "ratio_low",
                          "ratio_high",
                          "A [=unit]",
                          "A_low",
                          "A_high",
                          "B [=unit]",
                          "B_low",
                          "B_high",
                          "n",
                          "A_alone",
                          "B_alone",
                          "p",
                          "p_holm",
                          "detectable",
                          "clusters",
                          "how",
                          "unit",
                          "A_run",
                          "B_run"},
              .rows = {}};
  const MatchedValues matched = match_values(store, a, b);
  for (const auto& [of_a, of_b, same_data] : matched.values) {
    table.rows.push_back(row_of(store, of_a, of_b,
                                same_data ? std::optional(change(store, of_a, of_b)) : std::nullopt,
                                matched.named));
  }
  correct_for_their_number(table);
  return table;
}

}  // namespace moe
