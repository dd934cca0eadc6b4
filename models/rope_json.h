// How config.json says that positions turn: "rope_theta" and "rope_scaling", or transformers 5's
// "rope_parameters".
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "models/config.h"

namespace moe {

/// Keys that are absent have the values of transformers' modeling_rope_utils.py; `max_positions` is
/// the context that the config states. Error names the key of an unknown kind of scaling, of one
/// that it needs and of one that it does not read.
RopeSpec read_rope(const Json&, std::int64_t head_dim, double default_theta,
                   std::int64_t max_positions);

/// Limits the config's context to what its rope is the same for, whatever a sequence's length:
/// longrope to that of its short factors (with_max_length() goes further), dynamic to the original
/// one.
void limit_positions(Config&);

}  // namespace moe
