// The timed loop of a case: warm up, then sample until the interval is narrow enough or time is up.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "harness/clock.h"

namespace moe {

struct SamplingRule {
  std::int64_t warmup = 3;
  std::int64_t min_samples = 10;
  double below =
      0.02;  // relative: the 95 % interval of the median lies within median * (1 +- below)
  double timeout_s = 60;  // of sampling, wall time, warm-up not included
};

enum class StopReason : std::uint8_t { narrow_enough, out_of_time };
std::string_view name_of(StopReason);

/// Calls `measure` and hands each reading after the warm-up to `sampled(index, seconds)`. At least
/// two samples are taken, however long they take. The interval is judged at min_samples, whenever
/// the samples have grown by 5 %, and when time is up.
StopReason sample_until(const SamplingRule&, const Clock&, const std::function<double()>& measure,
                        const std::function<void(std::int64_t index, double value)>& sampled);

}  // namespace moe
