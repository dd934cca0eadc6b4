#include "harness/outcome.h"

#include <algorithm>
#include <array>

#include "harness/error.h"

namespace moe {
namespace {

constexpr std::array<std::string_view, 6> kNames = {
    "ok", "wrong", "skipped", "out_of_memory", "timed_out", "failed"};

}  // namespace

std::string_view name_of(Outcome outcome) {
  return kNames[static_cast<std::size_t>(outcome)];
}

Outcome outcome_of(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  require(found != kNames.end(), "unknown outcome \"{}\"", name);
  return static_cast<Outcome>(found - kNames.begin());
}

}  // namespace moe
