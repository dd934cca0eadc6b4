// The tensors in which a `torch` table keeps a model's parameters, by name. A trainer asks for
// their gradients, updates them in place and saves them; to inference they are of no concern.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/decoder/ops.h"

namespace moe {

/// Where a parameter lies: rows of a tensor that operations compute with, or of one slice of it.
struct TorchParameter {
  Tensor whole;                        // a leaf of autograd: set requires_grad on it
  std::optional<std::int64_t> expert;  // its slice of the first dimension, where they are stacked
  std::int64_t begin = 0, rows = 0;

  /// The parameter as a view of `whole`, or its part of whatever else is shaped like that: the
  /// gradient, an optimizer's state.
  Tensor of(const Tensor& like_whole) const;
};

class TorchParameters {
 public:
  /// Error where the parameter has no name, or is there already: one record is for one model.
  void add(const std::string& name, TorchParameter);

  /// Error names an unknown parameter.
  const TorchParameter& at(std::string_view name) const;
  const std::map<std::string, TorchParameter, std::less<>>& by_name() const { return by_name_; }

  /// Each tensor once, in order of the first parameter's name.
  std::vector<Tensor> leaves() const;

 private:
  std::map<std::string, TorchParameter, std::less<>> by_name_;
};

/// The `torch` table of ops.h, in any floating dtype (float64 is for checks of gradients), which
/// writes down what it prepares in `kept` where that is given.
std::unique_ptr<Ops> torch_ops(std::string_view device, at::ScalarType, TorchParameters* kept);

}  // namespace moe
