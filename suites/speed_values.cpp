// From stored samples of timed steps to values.
#include <cmath>
#include <numeric>

#include "harness/error.h"
#include "harness/statistics.h"
#include "suites/timing.h"

namespace moe {
namespace {

constexpr Metric kRate = {"tokens_per_s", "1/s", true, false};
constexpr Metric kStep = {"step_s", "s", false, false};
constexpr Metric kTouched = {"experts_touched", "1", false, false};

}  // namespace

std::string layer_scope(std::string_view prefix, std::size_t layer) {
  return fmt::format("{}{}layer.{}", prefix, prefix.empty() ? "" : ".", layer);
}

std::vector<std::vector<double>> samples_of(const CaseRecord& record, std::string_view metric,
                                            std::string_view scope) {
  std::vector<std::vector<double>> launches;
  for (const CaseRecord::Launch& launch : record.launches) {
    std::vector<double> samples;
    for (const Sample& sample : launch.samples) {
      if (sample.metric == metric && sample.scope == scope) samples.push_back(sample.value);
    }
    if (!samples.empty()) launches.push_back(std::move(samples));
  }
  return launches;
}

double sample_of(const CaseRecord& record, std::string_view metric, std::string_view scope) {
  const auto launches = samples_of(record, metric, scope);
  return launches.empty() ? std::nan("") : launches.front().front();
}

Summary speed_summary(const CaseRecord& record) {
  Summary summary;
  add_speed_values(record, "", kRate, kStep, summary.values);
  add_touched_values(record, "", summary.values);
  return summary;
}

void add_speed_values(const CaseRecord& record, std::string_view scope, const Metric& rate,
                      const Metric& step, std::vector<Value>& out) {
  const auto seconds = samples_of(record, "step_s", scope),
             tokens = samples_of(record, "step_tokens", scope);
  if (seconds.empty() || seconds.size() != tokens.size()) return;
  std::vector<double> all_seconds, all_tokens, launch_seconds, launch_tokens, launch_medians;
  for (std::size_t l = 0; l < seconds.size(); ++l) {
    all_seconds.insert(all_seconds.end(), seconds[l].begin(), seconds[l].end());
    all_tokens.insert(all_tokens.end(), tokens[l].begin(), tokens[l].end());
    launch_seconds.push_back(std::reduce(seconds[l].begin(), seconds[l].end()));
    launch_tokens.push_back(std::reduce(tokens[l].begin(), tokens[l].end()));
    launch_medians.push_back(median(seconds[l]));
  }
  const bool several = seconds.size() > 1;
  const Interval rates = several ? rate_interval(launch_tokens, launch_seconds)
                                 : rate_interval(all_tokens, all_seconds);
  // Of the medians of launches the mean, as a ratio to one each: its bounds are above 0 too.
  const Interval steps =
      several ? rate_interval(launch_medians, std::vector<double>(launch_medians.size(), 1.0))
              : median_interval(all_seconds);
  const auto n = static_cast<std::int64_t>(all_seconds.size());
  const double total_rate = mean(all_tokens) / mean(all_seconds);
  out.push_back({&rate, "", total_rate, rates.low, rates.high, std::nan(""), n});
  out.push_back({&step, "", several ? mean(launch_medians) : median(all_seconds), steps.low,
                 steps.high, std::nan(""), n});
}

void add_touched_values(const CaseRecord& record, std::string_view prefix,
                        std::vector<Value>& out) {
  std::vector<double> layers;
  for (std::size_t layer = 0;; ++layer) {
    const double touched = sample_of(record, "experts_touched", layer_scope(prefix, layer));
    if (std::isnan(touched)) break;
    layers.push_back(touched);
    out.push_back(
        {&kTouched, fmt::format("layer.{}", layer), touched, touched, touched, std::nan(""), 1});
  }
  if (layers.empty()) return;
  const double average = mean(layers);
  out.push_back({&kTouched, "", average, average, average, std::nan(""),
                 static_cast<std::int64_t>(layers.size())});
}

}  // namespace moe
