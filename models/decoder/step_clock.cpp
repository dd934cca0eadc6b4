#include "models/decoder/step_clock.h"

#include "models/decoder/device.h"

namespace moe {

StepClock::StepClock(StepTimers* timers, const at::Device& device)
    : timers_(timers), device_(device) {
  if (timers_ == nullptr) return;
  synchronise(device_);
  last_ = std::chrono::steady_clock::now();
}

void StepClock::lap(double StepTimers::* part) {
  if (timers_ == nullptr) return;
  synchronise(device_);
  const auto now = std::chrono::steady_clock::now();
  timers_->*part += std::chrono::duration<double>(now - last_).count();
  last_ = now;
}

}  // namespace moe
