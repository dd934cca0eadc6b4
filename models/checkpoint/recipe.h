// How parameters lie in the tensors of a checkpoint: whole, or cut out of one that several share.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/checkpoint/weights.h"
#include "models/family.h"

namespace moe {

/// A parameter that a tensor feeds.
struct FedParameter {
  std::string name;
  std::vector<std::int64_t> shape;
  Recipe recipe;
  std::int64_t expert = 0;
  std::size_t turn = 0;  // its place in the family's list of names
};

/// Where a parameter's elements lie in its tensor.
struct Cut {
  std::vector<std::int64_t> shape;
  std::int64_t begin = 0, row_stride = 0, column_stride = 1;
};

struct TensorLayout {
  std::vector<std::int64_t> shape;  // that the tensor must have
  std::vector<Cut> cuts;            // of each parameter
};

/// The layout of a tensor by all the parameters that it feeds. Error where their recipes do not fit
/// together.
TensorLayout layout_of(std::string_view tensor, std::span<const FedParameter>);

/// The parameter's elements: part of the tensor's bytes where they lie together, or else copied to
/// `buffer`.
WeightView cut_out(const WeightView& tensor, const Cut&, std::vector<std::byte>& buffer);

}  // namespace moe
