// What stands beside a trained checkpoint: a Hugging Face model card.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lab/train.h"

namespace moe {

/// README.md of the best of some trainings: what it is, what it was trained on and with, how the
/// training went, what the other learning rates gave, and what it scores as it is `stored`.
std::string model_card(const TrainConfig&, std::span<const Trained>, std::size_t best,
                       const std::vector<HeldOutScore>& stored);

}  // namespace moe
