#include "reports/compare_paired.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "harness/statistics.h"

namespace moe {
namespace {

std::optional<double> number(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::nullopt;
}

std::optional<Difference> paired(const Store& store, const ComparedValue& a,
                                 const ComparedValue& b) {
  const Table table = store.query(
      "SELECT count(d), avg(d), sum(d * d) FROM ("
      "  SELECT json_extract(y.metrics, '$.\"' || :metric || '\"')"
      "       - json_extract(x.metrics, '$.\"' || :metric || '\"') AS d"
      "  FROM document x JOIN document y ON y.case_run = :b AND y.task = x.task"
      "       AND y.document = x.document"
      "  WHERE x.case_run = :a AND (:scope = '' OR x.task = :scope))",
      {{"metric", a.metric}, {"a", a.case_run}, {"b", b.case_run}, {"scope", a.scope}});
  const double n = number(table.rows.at(0).at(0)).value_or(0);
  if (n < 2) return std::nullopt;
  const double mean = number(table.rows[0][1]).value_or(0);
  const double squares = number(table.rows[0][2]).value_or(0);
  const double error = std::sqrt(std::max(0.0, squares - n * mean * mean) / (n - 1) / n);
  const Interval interval = normal_interval(mean, error);
  return Difference{mean, interval.low, interval.high, "paired by question"};
}

std::vector<double> launch_means(const Store& store, const ComparedValue& value) {
  const Table table = store.query(
      "SELECT avg(value) FROM sample WHERE case_run = :case_run AND metric = :metric "
      "AND scope = :scope AND value IS NOT NULL GROUP BY launch",
      {{"case_run", value.case_run}, {"metric", value.metric}, {"scope", value.scope}});
  std::vector<double> means;
  means.reserve(table.rows.size());
  for (const auto& row : table.rows) means.push_back(number(row[0]).value_or(0));
  return means;
}

std::optional<Difference> welch(const Store& store, const ComparedValue& a,
                                const ComparedValue& b) {
  const std::vector<double> x = launch_means(store, a);
  const std::vector<double> y = launch_means(store, b);
  if (x.size() < 2 || y.size() < 2) return std::nullopt;
  const double variance_x = std::pow(standard_error(x), 2);
  const double variance_y = std::pow(standard_error(y), 2);
  const double variance = variance_x + variance_y;
  const double estimate = mean(y) - mean(x);
  if (variance == 0) return Difference{estimate, estimate, estimate, "Welch over launches"};
  // Welch and Satterthwaite's degrees of freedom, rounded down to stay on the careful side.
  const double degrees = variance * variance /
                         (variance_x * variance_x / static_cast<double>(x.size() - 1) +
                          variance_y * variance_y / static_cast<double>(y.size() - 1));
  const double half = student_t_975(std::max<std::int64_t>(1, static_cast<std::int64_t>(degrees))) *
                      std::sqrt(variance);
  return Difference{estimate, estimate - half, estimate + half, "Welch over launches"};
}

}  // namespace

Difference difference(const Store& store, const ComparedValue& a, const ComparedValue& b) {
  if (const auto found = paired(store, a, b)) return *found;
  if (const auto found = welch(store, a, b)) return *found;
  return {b.estimate - a.estimate, b.low - a.high, b.high - a.low, "intervals"};
}

}  // namespace moe
