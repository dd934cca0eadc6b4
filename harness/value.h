// A metric and its value for one case: what a report shows and a gate judges.
//
// Values are a pure function of the stored raw data (samples, answers, routing counts): a worker
// measures, the store keeps, and the kind of suite summarises what was kept. So a resumed run, an
// uninterrupted one and a later recomputation give the same value.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace moe {

/// What is measured. Declared as a constant beside the code that computes it; the store learns of
/// it when a value of it is written.
struct Metric {
  std::string_view name;  // "tokens_per_s", "acc"
  std::string_view unit;  // SI: s, B, B/s, 1/s, J, 1
  bool higher_is_better = true;
  bool deterministic = false;  // the same inputs give the same value, on the same build and machine
};

struct Value {
  const Metric* metric = nullptr;
  std::string scope;  // part of the case it is about: "mmlu_anatomy", "layer.3"; "" is all of it
  double estimate = 0;
  double low = 0, high = 0;  // 95 % interval; both equal the estimate where there is no spread
  double standard_error = std::numeric_limits<double>::quiet_NaN();  // NaN: not defined (n < 2)
  std::int64_t n = 0;  // samples or questions behind it
};

}  // namespace moe
