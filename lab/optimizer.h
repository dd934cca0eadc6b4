// AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101) over the leaves of a model's parameters, in
// LibTorch's fused form.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lab/train_config.h"
#include "models/decoder/torch_parameters.h"

namespace moe {

class AdamW {
 public:
  /// Sets requires_grad on every leaf. `parameters` must outlive the optimizer.
  AdamW(const TorchParameters& parameters, const OptimizerSettings&);

  /// Scales the gradients so that their norm is at most `clip`, makes a step with them and forgets
  /// them; returns the norm before. Where that is no finite number no step is made, and the
  /// gradients stay. A leaf without a gradient (an expert that no token reached has one, of zeros)
  /// is an Error.
  double step(double learning_rate);

  /// First and second moments of the leaf that is `whole`, of its shape.
  Tensor first_of(const Tensor& whole) const { return first_[index_of(whole)]; }
  Tensor second_of(const Tensor& whole) const { return second_[index_of(whole)]; }

  /// Steps made; set when moments were restored.
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps);

 private:
  std::size_t index_of(const Tensor& whole) const;

  OptimizerSettings settings_;
  std::vector<Tensor> leaves_, first_, second_, count_;
  std::vector<std::string> names_;  // of a parameter in each leaf, for errors
  std::vector<bool> decays_;
  std::int64_t steps_ = 0;
};

}  // namespace moe
