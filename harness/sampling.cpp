#include "harness/sampling.h"

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
  const double began = clock();
  while (true) {
    samples.push_back(measure());
    const auto n = static_cast<std::int64_t>(samples.size());
    sampled(n - 1, samples.back());
    if (n < 2) continue;
    if (n >= rule.min_samples && is_narrow(samples, rule.below)) return StopReason::narrow_enough;
    if (clock() - began >= rule.timeout_s) return StopReason::out_of_time;
  }
}

}  // namespace moe
