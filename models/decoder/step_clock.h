// Splits the time of a step among its parts.
#pragma once

#include <chrono>

#include "models/decoder/step.h"

namespace moe {

/// Does nothing without timers. With them it waits for the device at every lap, so a timed step is
/// slower than one that is not.
class StepClock {
 public:
  StepClock(StepTimers* timers, const at::Device& device);

  /// Adds the wall seconds since the last lap (or the start) to a part: `&StepTimers::router_s`.
  void lap(double StepTimers::* part);

 private:
  StepTimers* timers_;
  at::Device device_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace moe
