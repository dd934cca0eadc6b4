// What a point says of a mixture's experts: how many serve a token, and how many are kept at all.
// The busiest are.
#pragma once

#include <cstdint>
#include <optional>

#include "models/engine/engine.h"
#include "suites/kind.h"

namespace moe {

/// None: as the target has it, and all of them.
struct ExpertChoice {
  std::optional<std::int64_t> top_k, kept;
};

/// Of the axes top_k and experts, where 0 experts means all.
ExpertChoice expert_choice(const Json& point);

/// Why it is not tried: a layer has fewer experts, or fewer are kept than a token takes.
std::optional<Verdict> cannot_choose(const Config&, const ExpertChoice&);

/// All experts of each layer but the `kept` that were given most tokens; of equals the lower ids
/// are kept. In ascending order; a layer with no more than `kept` keeps all.
RemovedExperts all_but_busiest(const ExpertLoads&, std::int64_t kept);

/// The config with so many experts in every mixture layer: what it would be if the others' weights
/// were not there.
Config with_experts(Config, std::int64_t kept);

}  // namespace moe
