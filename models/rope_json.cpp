#include "models/rope_json.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/config_json.h"

namespace moe {
namespace {

constexpr std::string_view kOriginal = "original_max_position_embeddings";

/// A kind of scaling and the keys that transformers reads for it, beside the kind and rope_theta.
struct Scaling {
  RopeScaling kind = RopeScaling::none;
  std::vector<std::string_view> needed, optional;
};

const std::vector<Scaling>& scalings() {
  static const std::vector<Scaling> all = {
      {RopeScaling::none, {}, {}},
      {RopeScaling::linear, {"factor"}, {}},
      {RopeScaling::dynamic, {"factor"}, {kOriginal}},
      {RopeScaling::yarn,
       {"factor"},
       {kOriginal, "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
        "truncate"}},
      {RopeScaling::longrope,
       {"short_factor", "long_factor"},
       {"factor", kOriginal, "attention_factor"}},
      {RopeScaling::llama3, {"factor", "low_freq_factor", "high_freq_factor"}, {kOriginal}},
      {RopeScaling::proportional, {}, {"factor", "partial_rotary_factor"}}};
  return all;
}

const Scaling& scaling_of(const Json& json) {
  const std::string_view key = json.contains("rope_type") ? "rope_type" : "type";
  const Json type = json.value(key, Json(name_of(RopeScaling::none)));
  std::string known;
  for (const Scaling& scaling : scalings()) {
    if (type == name_of(scaling.kind)) return scaling;
    known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", name_of(scaling.kind));
  }
  throw Error(fmt::format("key \"{}\": {} is not implemented; known are {}", key,
                          type.dump().substr(0, 80), known),
              std::source_location::current());
}

void check_keys(const Json& json, const Scaling& scaling) {
  constexpr std::string_view kAlways[] = {"rope_type", "type", "rope_theta"};
  const auto is_in = [](const auto& list, std::string_view key) {
    return std::ranges::find(list, key) != std::end(list);
  };
  for (const auto& [key, value] : json.items()) {
    require(
        value.is_null() || is_in(kAlways, key) || is_in(scaling.needed, key) ||
            is_in(scaling.optional, key),
        "unknown key \"{}\" with value {}; scaling \"{}\" does not read it, so its effect would "
        "be lost",
        key, value.dump().substr(0, 80), name_of(scaling.kind));
  }
  for (const std::string_view key : scaling.needed) {
    require(json.contains(key) && !json.at(std::string(key)).is_null(),
            "key \"{}\" is missing; scaling \"{}\" needs it", key, name_of(scaling.kind));
  }
}

std::vector<double> factors(const Json& json, const std::string& key) {
  const Json& list = json.at(key);
  require(list.is_array(), "key \"{}\": expected a list of numbers, found {}", key,
          list.dump().substr(0, 80));
  std::vector<double> factors;
  for (const Json& factor : list) {
    require(factor.is_number(), "key \"{}\": expected numbers, found {}", key,
            factor.dump().substr(0, 80));
    factors.push_back(factor.get<double>());
  }
  return factors;
}

/// What yarn multiplies cosines and sines by where the config does not say.
double yarn_attention_factor(const Json& json, double factor) {
  const auto scale = [&](double by) {
    constexpr double kSlope = 0.1;
    return factor <= 1 ? 1 : kSlope * by * std::log(factor) + 1;
  };
  const double own = number_or(json, "mscale", 0), all = number_or(json, "mscale_all_dim", 0);
  return own != 0 && all != 0 ? scale(own) / scale(all) : scale(1);
}

/// Zero stands for the default, as transformers has it.
double unless_zero(double value, double otherwise) {
  return value == 0 ? otherwise : value;
}

void read_yarn(const Json& json, RopeSpec& rope) {
  constexpr double kFast = 32, kSlow = 1;
  rope.attention_factor =
      number_or(json, "attention_factor", yarn_attention_factor(json, rope.factor));
  rope.beta_fast = unless_zero(number_or(json, "beta_fast", kFast), kFast);
  rope.beta_slow = unless_zero(number_or(json, "beta_slow", kSlow), kSlow);
  rope.truncate = bool_or(json, "truncate", true);
}

/// `factor` is of the attention alone: the frequencies have lists of their own.
void read_longrope(const Json& json, std::int64_t max_positions, RopeSpec& rope) {
  const auto original = static_cast<double>(rope.original_positions);
  rope.factor = number_or(json, "factor", static_cast<double>(max_positions) / original);
  rope.attention_factor =
      number_or(json, "attention_factor",
                rope.factor <= 1 ? 1 : std::sqrt(1 + std::log(rope.factor) / std::log(original)));
  rope.short_factor_h = factors(json, "short_factor");
  rope.long_factor_h = factors(json, "long_factor");
}

/// `rope` has its dims and its original context.
void read_scaling(const Json& json, std::int64_t max_positions, RopeSpec& rope) {
  rope.factor = number_or(json, "factor", 1);
  if (rope.scaling == RopeScaling::yarn) read_yarn(json, rope);
  if (rope.scaling == RopeScaling::longrope) read_longrope(json, max_positions, rope);
  if (rope.scaling == RopeScaling::llama3) {
    rope.low_factor = number_or(json, "low_freq_factor", 1);
    rope.high_factor = number_or(json, "high_freq_factor", 1);
  }
  if (rope.scaling == RopeScaling::proportional) {
    const double share = number_or(json, "partial_rotary_factor", 1);
    require(share >= 0 && share <= 1, "key \"partial_rotary_factor\": expected 0 to 1, found {}",
            share);
    rope.turning = static_cast<std::int64_t>(share * static_cast<double>(rope.dims) / 2);
  }
}

RopeSpec read_parameters(const Json& config, const Json& json, std::int64_t max_positions,
                         RopeSpec rope) {
  require(json.is_object(), "expected an object or null, found {}", json.dump().substr(0, 80));
  const Scaling& scaling = scaling_of(json);
  check_keys(json, scaling);
  rope.theta = number_or(json, "rope_theta", rope.theta);
  if (scaling.kind == RopeScaling::none) return rope;
  rope.scaling = scaling.kind;
  // Phi-3 has it beside the others, and there it comes first.
  rope.original_positions =
      integer_or(config, kOriginal, integer_or(json, kOriginal, max_positions));
  constexpr std::int64_t kLeast = 2;  // its logarithm divides
  require(rope.original_positions >= kLeast, "key \"{}\": expected {} or more, found {}", kOriginal,
          kLeast, rope.original_positions);
  read_scaling(json, max_positions, rope);
  return rope;
}

}  // namespace

RopeSpec read_rope(const Json& json, std::int64_t head_dim, double default_theta,
                   std::int64_t max_positions) {
  const RopeSpec plain{.theta = number_or(json, "rope_theta", default_theta), .dims = head_dim};
  std::optional<RopeSpec> rope;
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!json.contains(key) || json.at(key).is_null()) continue;
    try {
      const RopeSpec read = read_parameters(json, json.at(key), max_positions, plain);
      require(!rope || *rope == read, "says something else than key \"rope_scaling\"");
      rope = read;
    } catch (const Error& error) {
      throw error.while_doing(fmt::format("key \"{}\"", key));
    }
  }
  return rope.value_or(plain);
}

void limit_positions(Config& config) {
  const std::int64_t stated = config.max_positions;
  for (const LayerSpec& layer : config.layers) {
    const RopeSpec& rope = layer.attention.rope;
    const bool is_longrope = rope.scaling == RopeScaling::longrope;
    if (!is_longrope && rope.scaling != RopeScaling::dynamic) continue;
    config.max_positions = std::min(config.max_positions, rope.original_positions);
    if (is_longrope) config.long_positions = stated;
  }
}

}  // namespace moe
