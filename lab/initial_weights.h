// The weights that training starts from: seeded, a parameter's values a function of seed and name.
#pragma once

#include <vector>

#include "models/checkpoint/synthetic.h"

namespace moe {

/// Embedding, head and routers N(0, 0.02); matrices N(0, 1 / inputs), those that write to the
/// residual (attention's o, an MLP's down) divided by sqrt(2 L) of L layers; norms 1; biases and
/// sinks 0. float32.
class InitialWeights final : public WeightSource {
 public:
  InitialWeights(const Config&, std::int64_t seed);

  WeightView weight(std::string_view parameter) override;
  void release() override;
  std::string digest() override;

 private:
  Synthetic normal_;
  double layers_;
  std::vector<std::vector<float>> buffers_;  // of views handed out
};

}  // namespace moe
