// What the header of the router says, without the help of any implementation.
#pragma once

#include "kernels/router/difference.h"

namespace moe {

/// Fails the test where other experts were chosen, or weights are further off than they may be.
void expect_router_contract(const RouterCase&, const RouterCase::Result&);

}  // namespace moe
