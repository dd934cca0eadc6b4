// Which experts the last token of many contexts is given.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/decoder/decoder.h"
#include "models/engine/engine.h"

namespace moe {

/// For each context, of at least one token, the experts of its last one in every layer. Contexts
/// run without a cache, as many together as have `tokens_per_step`; loads are not counted.
std::vector<ChosenExperts> route_last(Decoder&, std::span<const std::span<const TokenId>> contexts,
                                      std::int64_t tokens_per_step);

}  // namespace moe
