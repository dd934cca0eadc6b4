#include "lab/schedule.h"

#include <cmath>
#include <numbers>

#include "models/cost.h"

namespace moe {

std::int64_t tokens_per_step(const TrainConfig& config) {
  return config.data.rows * config.data.row_tokens;
}

std::int64_t steps_of(const TrainConfig& config) {
  const std::int64_t step = tokens_per_step(config);
  return (config.data.tokens + step - 1) / step;
}

double learning_rate_at(const TrainConfig& config, double peak, std::int64_t step) {
  const std::int64_t warmup = config.optimizer.warmup_steps, last = steps_of(config);
  if (step <= warmup) return peak * static_cast<double>(step) / static_cast<double>(warmup);
  const double done = static_cast<double>(step - warmup) / static_cast<double>(last - warmup);
  const double share = config.optimizer.final_share;
  return peak * (share + (1 - share) * (1 + std::cos(std::numbers::pi * done)) / 2);
}

double training_flops(const TrainConfig& config) {
  const StepLoad load{.batch = config.data.rows,
                      .new_tokens = config.data.row_tokens,
                      .context = 0,
                      .scored = tokens_per_step(config)};
  return 3.0 * static_cast<double>(step_flops(config.model, load).total()) *
         static_cast<double>(steps_of(config));
}

}  // namespace moe
