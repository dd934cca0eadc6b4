#include "harness/sampling.h"

#include <algorithm>
#include <vector>

#include "harness/statistics.h"

namespace moe {
namespace {

bool is_narrow(const std::vector<double>& samples, double below) {
  const double centre = median(samples);
  const Interval interval = median_interval(samples);
  return interval.low >= centre * (1 - below) && interval.high <= centre * (1 + below);
}

}  // namespace

std::string_view name_of(StopReason reason) {
  return reason == StopReason::narrow_enough ? "narrow enough" : "out of time";
}

StopReason sample_until(const SamplingRule& rule, const Clock& clock,
                        const std::function<double()>& measure,
                        const std::function<void(std::int64_t, double)>& sampled) {
  for (std::int64_t i = 0; i < rule.warmup; ++i) measure();
  std::vector<double> samples;
  // Judging sorts all samples: done at steps of 5 %, it costs n log n in all, not n^2 log n.
  const auto fewest = static_cast<std::size_t>(std::max<std::int64_t>(2, rule.min_samples));
  std::size_t judge_at = fewest;
  const double began = clock();
  while (true) {
    samples.push_back(measure());
    const std::size_t n = samples.size();
    sampled(static_cast<std::int64_t>(n) - 1, samples.back());
    if (n < 2) continue;
    const bool out_of_time = clock() - began >= rule.timeout_s;
    if (n >= judge_at || (out_of_time && n >= fewest)) {
      if (is_narrow(samples, rule.below)) return StopReason::narrow_enough;
      judge_at = n + std::max<std::size_t>(1, n / 20);
    }
    if (out_of_time) return StopReason::out_of_time;
  }
}

}  // namespace moe
