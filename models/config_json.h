// How families read config.json: defaults, both spellings of what transformers renamed, and what is
// the same in every Llama-like family.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <nlohmann/json_fwd.hpp>

#include "models/config.h"

namespace moe {

/// The key's value, or `missing` where the key is absent or null.
std::int64_t integer_or(const Json&, std::string_view key, std::int64_t missing);
double number_or(const Json&, std::string_view key, double missing);
bool bool_or(const Json&, std::string_view key, bool missing);
std::optional<double> number_if(const Json&, std::string_view key);
std::optional<std::int64_t> integer_if(const Json&, std::string_view key);
/// `missing` where the key is absent, nothing where it is null: for keys whose null says something.
std::optional<std::int64_t> integer_if(const Json&, std::string_view key,
                                       std::optional<std::int64_t> missing);

/// A key that has no default; Error names it.
std::int64_t integer(const Json&, std::string_view key);

/// Whether "torch_dtype" or "dtype" is given.
bool names_dtype(const Json&);

/// What differs among Llama-like families when a key is missing.
struct LlamaDefaults {
  double rope_theta = 10000;
  double norm_eps = 1e-6;
  std::int64_t max_positions = 2048;
  std::optional<std::int64_t> kv_heads = std::nullopt;  // as many as heads
  bool tied_embeddings = false;
  std::optional<std::int64_t> bos_id = 1;
  std::int64_t eos_id = 2;
};

/// Everything of a Llama-like config but what its feed-forward is: `layers` copies of the attention
/// spec with a feed-forward of width "intermediate_size" and no experts.
Config read_llama_like(const Json&, const LlamaDefaults&);

}  // namespace moe
