#include "models/checkpoint/recipe.h"

#include <algorithm>
#include <cstring>

#include "harness/error.h"

namespace moe {
namespace {

/// The parameters of one expert (or all, where there are no experts), in turn.
std::vector<const FedParameter*> of_first_expert(std::span<const FedParameter> fed) {
  std::vector<const FedParameter*> parts;
  for (const FedParameter& parameter : fed) {
    if (parameter.expert == 0) parts.push_back(&parameter);
  }
  std::ranges::sort(parts, {}, &FedParameter::turn);
  return parts;
}

std::int64_t experts_of(std::span<const FedParameter> fed) {
  std::int64_t experts = 0;
  for (const FedParameter& parameter : fed) experts = std::max(experts, parameter.expert + 1);
  return experts;
}

void check(std::string_view tensor, std::span<const FedParameter> fed,
           const std::vector<const FedParameter*>& parts) {
  const Recipe& recipe = fed[0].recipe;
  const std::size_t dims = fed[0].shape.size();
  require(dims == 1 || dims == 2, "tensor {}: a recipe for {} of {} dimensions", tensor,
          fed[0].name, dims);
  require(dims == 2 || !recipe.transposed, "tensor {}: {} has one dimension to transpose", tensor,
          fed[0].name);
  require(recipe.rows != TakenRows::all || parts.size() == 1,
          "tensor {}: feeds {} parameters that each take all of its rows", tensor, parts.size());
  require(fed.size() == parts.size() * static_cast<std::size_t>(experts_of(fed)),
          "tensor {}: feeds {} parameters, {} of them of the first of {} experts", tensor,
          fed.size(), parts.size(), experts_of(fed));
  for (const FedParameter& parameter : fed) {
    const bool fits =
        parameter.recipe == recipe && parameter.shape.size() == dims &&
        (dims == 1 || parameter.shape[1] == fed[0].shape[1]) &&
        (recipe.rows != TakenRows::interleaved || parameter.shape[0] == fed[0].shape[0]);
    require(fits, "tensor {}: the recipes of {} and {} do not fit together", tensor, fed[0].name,
            parameter.name);
  }
}

/// Rows of the tensor before a parameter's first one.
std::int64_t first_row(const FedParameter& parameter,
                       const std::vector<const FedParameter*>& parts) {
  std::int64_t row = 0;
  for (const FedParameter* part : parts) {
    if (part->turn == parameter.turn) break;
    row += parameter.recipe.rows == TakenRows::interleaved ? 1 : part->shape[0];
  }
  return row;
}

std::int64_t columns_of(const std::vector<std::int64_t>& shape) {
  return shape.size() == 2 ? shape[1] : 1;
}

}  // namespace

TensorLayout layout_of(std::string_view tensor, std::span<const FedParameter> fed) {
  const Recipe& recipe = fed[0].recipe;
  if (recipe == Recipe{} && fed.size() == 1) {
    return {.shape = fed[0].shape, .cuts = {{.shape = fed[0].shape}}};
  }
  const std::vector<const FedParameter*> parts = of_first_expert(fed);
  require(!parts.empty(), "tensor {}: feeds {} and no parameter of the first expert", tensor,
          fed[0].name);
  check(tensor, fed, parts);
  std::int64_t rows = 0;
  for (const FedParameter* part : parts) rows += part->shape[0];
  const std::int64_t columns = columns_of(fed[0].shape);
  TensorLayout layout;
  if (recipe.by_expert) layout.shape.push_back(experts_of(fed));
  layout.shape.push_back(rows);
  if (fed[0].shape.size() == 2) layout.shape.push_back(columns);
  if (recipe.transposed) std::swap(layout.shape.end()[-1], layout.shape.end()[-2]);
  const std::int64_t row = recipe.transposed ? 1 : columns;
  const std::int64_t column = recipe.transposed ? rows : 1;
  const auto every = recipe.rows == TakenRows::interleaved ? std::ssize(parts) : 1;
  for (const FedParameter& parameter : fed) {
    layout.cuts.push_back(
        {.shape = parameter.shape,
         .begin = parameter.expert * rows * columns + first_row(parameter, parts) * row,
         .row_stride = row * every,
         .column_stride = column});
  }
  return layout;
}

WeightView cut_out(const WeightView& tensor, const Cut& cut, std::vector<std::byte>& buffer) {
  WeightView out = tensor;
  out.shape = cut.shape;
  if (out.shape == tensor.shape && cut.begin == 0 && cut.column_stride == 1) return out;
  const auto element = static_cast<std::size_t>(size_of(tensor.format));
  const auto rows = static_cast<std::size_t>(cut.shape[0]);
  const auto columns = static_cast<std::size_t>(columns_of(cut.shape));
  const auto begin = static_cast<std::size_t>(cut.begin) * element;
  const auto row = static_cast<std::size_t>(cut.row_stride) * element;
  const auto column = static_cast<std::size_t>(cut.column_stride) * element;
  if (column == element && row == columns * element) {
    out.bytes = tensor.bytes.subspan(begin, rows * row);
    return out;
  }
  out.mapping = nullptr;
  buffer.resize(rows * columns * element);
  std::byte* to = buffer.data();
  for (std::size_t r = 0; r < rows; ++r) {
    const std::byte* from = tensor.bytes.data() + begin + r * row;
    for (std::size_t c = 0; c < columns; ++c, from += column, to += element) {
      std::memcpy(to, from, element);
    }
  }
  out.bytes = buffer;
  return out;
}

}  // namespace moe
