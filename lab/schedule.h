// How long a training is, how fast it learns, and what it costs.
#pragma once

#include <cstdint>

#include "lab/train_config.h"

namespace moe {

std::int64_t tokens_per_step(const TrainConfig&);
std::int64_t steps_of(const TrainConfig&);

/// Warm-up from 0 to `peak`, then half a cosine to its final share. `step` counts from 1.
double learning_rate_at(const TrainConfig&, double peak, std::int64_t step);

/// Floating-point operations of the whole training: a backward pass counts as two forward ones.
double training_flops(const TrainConfig&);

}  // namespace moe
