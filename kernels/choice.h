// What numerics=fast runs: an operation's implementations are tried in the order of their registry.
#pragma once

#include <span>
#include <string_view>

#include "harness/error.h"
#include "kernels/shape_text.h"

namespace moe {

/// Those it chooses among, the first choice first: all but the definition.
template <typename Operation>
std::span<const Operation* const> choices(std::span<const Operation* const> all) {
  return all.subspan(1);
}

/// The first of them that takes this shape. Error, which names the shape, where none does.
template <typename Operation, typename Shape>
const Operation& first_that_takes(std::string_view operation, std::span<const Operation* const> all,
                                  const Shape& shape) {
  const auto tried = choices(all);
  if constexpr (requires(const Operation& o) { o.supports(shape); }) {
    for (const Operation* implementation : tried) {
      if (implementation->supports(shape)) return *implementation;
    }
    throw Error(fmt::format("numerics=fast: expected an implementation of {} that takes {}, found "
                            "{} and none does; try numerics=reference",
                            operation, text_of(shape), tried.size()),
                std::source_location::current());
  } else {
    return *tried.front();
  }
}

}  // namespace moe
