#include "lab/training_ops.h"

#include <algorithm>
#include <cmath>

#include "harness/random.h"

namespace moe {
namespace {

/// Uniform in [1 - width, 1 + width), like `x`.
Tensor noise_like(const Tensor& x, double width, std::uint64_t seed) {
  Tensor noise = at::empty(x.sizes(), at::kFloat);
  auto* values = noise.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < noise.numel(); ++i) {
    const double unit =
        static_cast<double>(splitmix64(seed + static_cast<std::uint64_t>(i)) >> 11U);
    values[i] = static_cast<float>(1 + width * (2 * unit * 0x1p-53 - 1));
  }
  return noise.to(x.options());
}

/// 1 where a choice is among the first `capacity` of its expert, 0 elsewhere.
Tensor within_capacity(const Tensor& expert_TK, std::int64_t experts, std::int64_t capacity) {
  const Tensor chosen = expert_TK.to(at::kCPU).contiguous();
  Tensor kept = at::ones(chosen.sizes(), at::kBool);
  const auto* expert = chosen.const_data_ptr<std::int64_t>();
  auto* keep = kept.mutable_data_ptr<bool>();
  std::vector<std::int64_t> taken(static_cast<std::size_t>(experts));
  for (std::int64_t i = 0; i < chosen.numel(); ++i)
    keep[i] = taken[static_cast<std::size_t>(expert[i])]++ < capacity;
  return kept.to(expert_TK.device());
}

}  // namespace

void TrainingOps::begin_step(std::uint64_t seed) {
  training_ = true;
  seed_ = seed;
  dropped_.clear();
}

Routing TrainingOps::router(const Prepared& router, const FeedForwardSpec& spec, const Tensor& x_TD,
                            const RouterControl& control) const {
  if (!training_) return inner().router(router, spec, x_TD, control);
  const auto layer = static_cast<std::uint64_t>(dropped_.size());
  const Tensor x = settings_.jitter > 0
                       ? x_TD * noise_like(x_TD, settings_.jitter, splitmix64(seed_ + layer))
                       : x_TD;
  Routing routing = inner().router(router, spec, x, control);
  dropped_.push_back(0);
  if (settings_.capacity == 0) return routing;
  const double even =
      static_cast<double>(routing.expert_TK.numel()) / static_cast<double>(spec.experts);
  constexpr double kRounding = 1e-12;  // 1.1 x 100 is a little more than 110
  const auto capacity =
      static_cast<std::int64_t>(std::ceil(settings_.capacity * even * (1 - kRounding)));
  const Tensor kept_TK = within_capacity(routing.expert_TK, spec.experts, capacity);
  dropped_.back() = kept_TK.numel() - kept_TK.sum().item<std::int64_t>();
  routing.weight_TK = routing.weight_TK * kept_TK;
  return routing;
}

}  // namespace moe
