// Seeded random weights of any config: for speed and memory of models that are not at hand, and for
// tests.
//
// Every matrix is normal with a standard deviation of 1 / sqrt(inputs), so activations stay of
// order one at any depth; norms are one, biases a tenth as large; router rows have the same scale,
// so that tokens spread over the experts. A parameter's values depend on seed and name alone, not
// on what was asked for before.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/checkpoint/weights.h"

namespace moe {

class Synthetic : public WeightSource {
 public:
  Synthetic(const Config&, std::int64_t seed, DType);

  WeightView weight(std::string_view parameter) override;
  void release() override;
  std::string digest() override;

 private:
  std::map<std::string, std::vector<std::int64_t>, std::less<>> shapes_;  // by parameter
  std::int64_t seed_;
  DType dtype_;
  std::vector<std::vector<std::byte>> buffers_;  // of views handed out
};

}  // namespace moe
