// What training does to routing beside what the model says: noise at the router's input, and an end
// to what an expert takes. Everything else is the table that inference uses.
#pragma once

#include <cstdint>
#include <vector>

#include "lab/forwarding_ops.h"
#include "lab/train_config.h"

namespace moe {

class TrainingOps final : public ForwardingOps {
 public:
  TrainingOps(const Ops& inner, const RouterSettings& settings)
      : ForwardingOps(inner), settings_(settings) {}

  /// Until end_step() routing is that of training; its noise is a function of `seed`.
  void begin_step(std::uint64_t seed);
  void end_step() { training_ = false; }
  using ForwardingOps::begin_step;

  /// Choices over an expert's capacity lose their weight, in the order of the tokens: of them such
  /// a token keeps the residual alone.
  Routing router(const Prepared&, const FeedForwardSpec&, const Tensor& x_TD,
                 const RouterControl&) const override;

  /// Choices dropped in each mixture layer since begin_step().
  const std::vector<std::int64_t>& dropped() const { return dropped_; }

 private:
  RouterSettings settings_;
  bool training_ = false;
  std::uint64_t seed_ = 0;
  mutable std::vector<std::int64_t> dropped_;  // routers of a step are called layer by layer
};

}  // namespace moe
