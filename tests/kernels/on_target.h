// Implementations of an operation, with each set of vector instructions of this machine.
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "kernels/packed/target.h"

namespace moe {

template <typename Operation>
struct OnTarget {
  const Operation* implementation;
  std::string target;

  std::string name() const {
    return std::string(implementation->name) +
           (implementation->by_target ? "_" + target : std::string());
  }
};

/// Those that are compiled once are there once.
template <typename Operation>
std::vector<OnTarget<Operation>> on_all_targets(std::span<const Operation* const> implementations) {
  std::vector<OnTarget<Operation>> all;
  for (const Operation* implementation : implementations) {
    for (const std::string& target : packed_targets()) {
      all.push_back({implementation, target});
      if (!implementation->by_target) break;
    }
  }
  return all;
}

// NOLINTNEXTLINE(readability-identifier-naming): GoogleTest looks for this name
void PrintTo(const auto& tested, std::ostream* out)
  requires requires { tested.implementation->by_target; }
{
  *out << tested.name();
}

}  // namespace moe
