// The first word of a worker.
#pragma once

#include "harness/event.h"

namespace moe {

/// Error where a worker's first event is no Hello of this program's protocol.
void check_greeting(const Event& first);

}  // namespace moe
