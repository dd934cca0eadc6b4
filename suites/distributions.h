// Distributions over next tokens, held against each other position by position.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace moe {

struct Divergence {
  double sum = 0;  // over positions, of KL(other || this) in nats
  std::int64_t tokens = 0,
               agreeing = 0;  // positions; those whose arg-max is the same, the first of ties

  /// The last `rows` rows of logits of one input. Error where the two are of different size.
  void add(const std::vector<std::vector<float>>& mine,
           const std::vector<std::vector<float>>& other, std::size_t rows);
};

}  // namespace moe
