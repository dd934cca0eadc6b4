// Whether what a worker says fits what it was asked to do.
#pragma once

#include <optional>
#include <string>

#include "harness/event.h"

namespace moe {

/// What is known of a worker while it runs.
struct Assignment {
  const Job* job = nullptr;
  std::string identity;                // of the target
  std::string build;                   // that it must have; empty: any
  std::optional<std::string> current;  // the key of the case under way
};

/// Error says what the event should not have been: a worker that misspeaks is stopped, and what it
/// says is not stored.
void check_event(const Event&, const Assignment&);

}  // namespace moe
