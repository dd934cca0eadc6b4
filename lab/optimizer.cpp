#include "lab/optimizer.h"

#include <algorithm>
#include <cmath>

#include "harness/error.h"
#include "lab/vector_parameter.h"

namespace moe {
namespace {

bool decays(std::string_view parameter) {
  return !is_norm_weight(parameter) && !is_offset(parameter);
}

double norm_of(const std::vector<Tensor>& gradients) {
  double squares = 0;
  for (const Tensor& gradient : gradients) squares += gradient.square().sum().item<double>();
  return std::sqrt(squares);
}

}  // namespace

AdamW::AdamW(const TorchParameters& parameters, const OptimizerSettings& settings)
    : settings_(settings), leaves_(parameters.leaves()) {
  for (Tensor& leaf : leaves_) {
    leaf.requires_grad_(true);
    first_.push_back(at::zeros_like(leaf));
    second_.push_back(at::zeros_like(leaf));
    count_.push_back(at::zeros({}, leaf.options().dtype(at::kFloat).requires_grad(false)));
    const auto whose = std::ranges::find_if(
        parameters.by_name(), [&](const auto& named) { return named.second.whole.is_same(leaf); });
    names_.push_back(whose->first);
    decays_.push_back(decays(whose->first));
  }
}

double AdamW::step(double learning_rate) {
  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    require(leaves_[i].grad().defined(), "the loss does not depend on {}", names_[i]);
    gradients.push_back(leaves_[i].grad());
  }
  const double norm = norm_of(gradients);
  if (!std::isfinite(norm)) return norm;
  if (norm > settings_.clip) {
    for (Tensor& gradient : gradients) gradient.mul_(settings_.clip / norm);
  }
  set_steps(steps_ + 1);
  for (const bool decayed : {false, true}) {
    std::vector<Tensor> values, of, first, second, count;
    for (std::size_t i = 0; i < leaves_.size(); ++i) {
      if (decays_[i] != decayed) continue;
      values.push_back(leaves_[i].detach());
      of.push_back(gradients[i]);
      first.push_back(first_[i]);
      second.push_back(second_[i]);
      count.push_back(count_[i]);
    }
    if (values.empty()) continue;
    at::_fused_adamw_(values, of, first, second, {}, count, learning_rate, settings_.beta1,
                      settings_.beta2, decayed ? settings_.weight_decay : 0, settings_.epsilon,
                      /*amsgrad=*/false, /*maximize=*/false);
  }
  for (Tensor& leaf : leaves_) leaf.mutable_grad().reset();
  return norm;
}

void AdamW::set_steps(std::int64_t steps) {
  steps_ = steps;
  for (Tensor& count : count_) count.fill_(static_cast<double>(steps));
}

std::size_t AdamW::index_of(const Tensor& whole) const {
  const auto found =
      std::ranges::find_if(leaves_, [&](const Tensor& leaf) { return leaf.is_same(whole); });
  require(found != leaves_.end(), "a tensor of {} elements that is not optimised", whole.numel());
  return static_cast<std::size_t>(found - leaves_.begin());
}

}  // namespace moe
