// What routers are tested with.
#pragma once

#include <ostream>
#include <vector>

#include "kernels/router/difference.h"

namespace moe {

// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest looks for this name
inline void PrintTo(const Router* router, std::ostream* out) {
  *out << router->name;
}

/// Shapes chosen to break implementations: odd sizes, each with every kind of score and control.
std::vector<RouterShape> router_shapes();

/// Cases whose logits are hard to order or to weigh: tied, underflowing, masked, without a softmax;
/// and random ones.
std::vector<RouterCase> hard_router_cases(const RouterShape&);

/// The tokens [begin, begin + count) of a case.
RouterCase tokens_of(RouterCase, std::int64_t begin, std::int64_t count);

}  // namespace moe
