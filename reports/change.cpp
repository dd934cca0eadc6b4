#include "reports/change.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/paired.h"
#include "reports/paired_rows.h"

namespace moe {
namespace {

/// A perplexity is exp(loss / units) over all documents; bits per byte are a multiple of the same
/// quotient, so that their ratio is that of the losses.
bool is_exponential(std::string_view metric) {
  return metric.ends_with("perplexity");
}

Interval wider(const Interval& a, const Interval& b) {
  return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

/// The mean of scores with the interval that suites/grading.cpp gives it.
Estimate mean_score(const std::vector<double>& scores, bool right_or_wrong) {
  const auto n = std::ssize(scores);
  const Interval interval =
      right_or_wrong ? wilson_interval(std::ranges::count(scores, 1.0), n) : t_interval(scores);
  return {mean(scores), interval.low, interval.high};
}

/// What the differences say, each question on its own.
Interval difference_of(const std::vector<double>& more, PairedQuestions& questions) {
  const auto n = std::ssize(more);
  if (!questions.p) {
    questions.detectable = detectable_difference(standard_error(more));
    return n > 1 ? bootstrap_mean_interval(more) : Interval{more.front(), more.front()};
  }
  const auto apart = static_cast<double>(questions.only_a + questions.only_b);
  questions.detectable = detectable_share_difference(apart / static_cast<double>(n), n);
  return paired_share_bootstrap(questions.only_b, questions.only_a, n);
}

Change paired_scores(const PairedRows& rows) {
  std::vector<double> more;  // that B scores
  for (std::size_t i = 0; i < rows.a.size(); ++i) more.push_back(rows.b[i] - rows.a[i]);
  const auto is_whole = [](double x) { return x == 0 || x == 1; };
  const bool right_or_wrong =
      std::ranges::all_of(rows.a, is_whole) && std::ranges::all_of(rows.b, is_whole);
  PairedQuestions questions{
      .only_a = std::ranges::count(more, -1.0), .only_b = std::ranges::count(more, 1.0), .p = {}};
  if (right_or_wrong) questions.p = mcnemar_p(questions.only_a, questions.only_b);
  Interval by = difference_of(more, questions);
  const std::int64_t clusters = count_clusters(rows.clusters);
  if (clusters > 1 && clusters < std::ssize(more)) {
    questions.clusters = clusters;
    by = wider(by, bootstrap_mean_interval(more, rows.clusters));
    questions.detectable = std::max(
        questions.detectable, detectable_difference(clustered_standard_error(more, rows.clusters)));
  }
  return {.a = mean_score(rows.a, right_or_wrong),
          .b = mean_score(rows.b, right_or_wrong),
          .common = std::ssize(more),
          .by = {mean(more), by.low, by.high},
          .has_interval = right_or_wrong || more.size() > 1,
          .how = "paired by question",
          .questions = questions};
}

Estimate quotient(const std::vector<double>& over, const std::vector<double>& under,
                  double (*shown)(double)) {
  const Interval interval = ratio_interval(over, under);
  return {shown(mean(over) / mean(under)), shown(interval.low), shown(interval.high)};
}

Change paired_losses(std::string_view metric, const PairedRows& rows) {
  Change change;
  change.common = static_cast<std::int64_t>(rows.a.size());
  change.is_ratio = true;
  change.how = "paired by document";
  if (is_exponential(metric)) {
    const auto power = [](double x) { return std::exp(x); };
    std::vector<double> more;  // loss of B above A's: the logarithm of the ratio is their quotient
    for (std::size_t i = 0; i < rows.a.size(); ++i) more.push_back(rows.b[i] - rows.a[i]);
    change.a = quotient(rows.a, rows.units, power);
    change.b = quotient(rows.b, rows.units, power);
    change.by = quotient(more, rows.units, power);
  } else {
    const auto bits = [](double x) { return x / std::log(2.0); };
    change.a = quotient(rows.a, rows.units, bits);
    change.b = quotient(rows.b, rows.units, bits);
    change.by = quotient(rows.b, rows.a, [](double x) { return x; });
  }
  return change;
}

bool is_point(const Estimate& x) {
  return !(x.low < x.high);  // also where a bound is not a number
}

bool changes_by_ratio(const ComparedValue& a, const ComparedValue& b) {
  return !is_share(a.metric) && !is_mean_of_shares(a.metric) && a.estimate.value > 0 &&
         b.estimate.value > 0;
}

Change unpaired(const ComparedValue& a, const ComparedValue& b) {
  Change change;
  change.a = a.estimate;
  change.b = b.estimate;
  change.how = "two intervals";
  change.is_ratio = changes_by_ratio(a, b);
  change.by.value =
      change.is_ratio ? b.estimate.value / a.estimate.value : b.estimate.value - a.estimate.value;
  const Interval by = change.is_ratio ? quotient_interval(b.estimate, a.estimate)
                                      : difference_interval(b.estimate, a.estimate);
  change.by.low = by.low;
  change.by.high = by.high;
  change.has_interval = a.deterministic || (!is_point(a.estimate) && !is_point(b.estimate));
  if (a.deterministic && is_point(a.estimate) && is_point(b.estimate)) change.how = "exact";
  if (!change.has_interval) change.how = "no interval";
  return change;
}

/// Nothing varies between a result and itself, however uncertain it is.
Change beside_itself(const ComparedValue& a) {
  const bool is_ratio = changes_by_ratio(a, a);
  const double none = is_ratio ? 1 : 0;
  return {.a = a.estimate,
          .b = a.estimate,
          .common = {},
          .is_ratio = is_ratio,
          .by = {none, none, none},
          .how = "one result",
          .questions = {}};
}

}  // namespace

bool is_mean_of_shares(std::string_view metric) {
  return metric.ends_with("_macro") || metric == "macro_mean" || metric == "micro_mean" ||
         metric == "member_score";
}

bool is_share(std::string_view metric) {
  constexpr std::string_view kShares[] = {
      "acc",         "acc_norm", "exact", "acc_bytes",  "acc_mutual_info",
      "exact_match", "mc2",      "ece",   "letter_bias"};
  return std::ranges::find(kShares, metric) != std::ranges::end(kShares);
}

Change change(const Store& store, const ComparedValue& a, const ComparedValue& b) {
  if (a.case_run == b.case_run) return beside_itself(a);
  const PairedRows rows = paired_rows(store, a, b);
  if (is_share(a.metric) && !rows.a.empty()) return paired_scores(rows);
  if (!is_share(a.metric) && rows.units.size() > 1) return paired_losses(a.metric, rows);
  return unpaired(a, b);
}

}  // namespace moe
