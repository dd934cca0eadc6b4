// Parameters that are no matrices.
#pragma once

#include <string_view>

namespace moe {

inline bool is_norm_weight(std::string_view parameter) {
  return parameter.ends_with("norm.weight");
}

/// Biases, and attention's sinks.
inline bool is_offset(std::string_view parameter) {
  return parameter.ends_with(".bias") || parameter.ends_with("_bias") ||
         parameter.ends_with("sinks");
}

}  // namespace moe
