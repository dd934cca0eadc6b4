#include "models/decoder/torch_parameters.h"

#include <algorithm>
#include <utility>

#include "harness/error.h"

namespace moe {

Tensor TorchParameter::of(const Tensor& like_whole) const {
  require(like_whole.sizes() == whole.sizes(), "a part of a tensor of {} dims, expected {}'s shape",
          like_whole.dim(), whole.dim());
  const Tensor slice = expert ? like_whole.select(0, *expert) : like_whole;
  return slice.narrow(0, begin, rows);
}

void TorchParameters::add(const std::string& name, TorchParameter parameter) {
  require(!name.empty(), "a weight without its parameter's name: a trainer could not save it");
  require(by_name_.emplace(name, std::move(parameter)).second,
          "parameter {} is prepared a second time", name);
}

const TorchParameter& TorchParameters::at(std::string_view name) const {
  const auto found = by_name_.find(name);
  require(found != by_name_.end(), "no parameter {} among the {} that were prepared", name,
          by_name_.size());
  return found->second;
}

std::vector<Tensor> TorchParameters::leaves() const {
  std::vector<Tensor> all;
  for (const auto& [name, parameter] : by_name_) {
    const auto same = [&](const Tensor& t) { return t.is_same(parameter.whole); };
    if (std::ranges::none_of(all, same)) all.push_back(parameter.whole);
  }
  return all;
}

}  // namespace moe
