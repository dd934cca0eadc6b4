#include "models/decoder/parameters.h"

#include <fmt/ranges.h>

#include "harness/error.h"

namespace moe {

WeightView parameter(WeightSource& source, const std::string& name,
                     const std::vector<std::int64_t>& shape) {
  WeightView view = source.unread(name);
  require(view.shape == shape, "{}: expected shape [{}], found [{}]", name, fmt::join(shape, ", "),
          fmt::join(view.shape, ", "));
  view.parameter = name;
  return view;
}

}  // namespace moe
