#include "reports/change.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "reports/paired_rows.h"

namespace moe {
namespace {

/// A perplexity is exp(loss / units) over all documents; bits per byte are a multiple of the same
/// quotient, so that their ratio is that of the losses.
bool is_exponential(std::string_view metric) {
  return metric.ends_with("perplexity");
}

Change paired_shares(const PairedRows& rows) {
  std::int64_t a = 0, b = 0, only_a = 0, only_b = 0;
  const auto n = static_cast<std::int64_t>(rows.a.size());
  for (std::size_t i = 0; i < rows.a.size(); ++i) {
    const bool of_a = rows.a[i] == 1, of_b = rows.b[i] == 1;
    a += of_a ? 1 : 0;
    b += of_b ? 1 : 0;
    only_a += of_a && !of_b ? 1 : 0;
    only_b += of_b && !of_a ? 1 : 0;
  }
  const auto share = [n](std::int64_t k) {
    const Interval interval = wilson_interval(k, n);
    return Estimate{static_cast<double>(k) / static_cast<double>(n), interval.low, interval.high};
  };
  const Interval by = paired_share_interval(only_b, only_a, n);
  return {.a = share(a),
          .b = share(b),
          .common = n,
          .by = {static_cast<double>(b - a) / static_cast<double>(n), by.low, by.high},
          .how = "paired by question"};
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
  return !is_share(a.metric) && a.estimate.value > 0 && b.estimate.value > 0;
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
          .how = "one result"};
}

}  // namespace

bool is_share(std::string_view metric) {
  constexpr std::string_view kShares[] = {"acc",       "acc_norm",        "exact",
                                          "acc_bytes", "acc_mutual_info", "exact_match"};
  return std::ranges::find(kShares, metric) != std::ranges::end(kShares);
}

Change change(const Store& store, const ComparedValue& a, const ComparedValue& b) {
  if (a.case_run == b.case_run) return beside_itself(a);
  const PairedRows rows = paired_rows(store, a, b);
  if (is_share(a.metric) && !rows.a.empty()) return paired_shares(rows);
  if (!is_share(a.metric) && rows.units.size() > 1) return paired_losses(a.metric, rows);
  return unpaired(a, b);
}

}  // namespace moe
