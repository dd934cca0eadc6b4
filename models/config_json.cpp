#include "models/config_json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/rope_json.h"

namespace moe {
namespace {

const Json* find(const Json& json, std::string_view key) {
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

std::int64_t integer_of(const Json& value, std::string_view key) {
  require(value.is_number_integer(), "key \"{}\": expected a whole number, found {}", key,
          value.dump().substr(0, 80));
  return value.get<std::int64_t>();
}

double number_of(const Json& value, std::string_view key) {
  require(value.is_number(), "key \"{}\": expected a number, found {}", key,
          value.dump().substr(0, 80));
  return value.get<double>();
}

std::vector<std::int64_t> read_ids(const Json& json, std::string_view key,
                                   std::optional<std::int64_t> missing) {
  if (!json.contains(key) && missing) return {*missing};
  const Json* value = find(json, key);
  if (value == nullptr) return {};
  if (!value->is_array()) return {integer_of(*value, key)};
  std::vector<std::int64_t> ids;
  for (const Json& id : *value) ids.push_back(integer_of(id, key));
  return ids;
}

constexpr std::string_view kDTypeKeys[] = {"torch_dtype", "dtype"};

DType read_dtype(const Json& json) {
  for (const std::string_view key : kDTypeKeys) {
    const Json* value = find(json, key);
    if (value == nullptr) continue;
    require(value->is_string(), "key \"{}\": expected a name, found {}", key,
            value->dump().substr(0, 80));
    return dtype_of(value->get<std::string>());
  }
  return DType::f32;  // transformers' default; a checkpoint's tensors know better, see target.h
}

}  // namespace

bool names_dtype(const Json& json) {
  return std::ranges::any_of(kDTypeKeys,
                             [&](std::string_view key) { return find(json, key) != nullptr; });
}

std::int64_t integer(const Json& json, std::string_view key) {
  const Json* value = find(json, key);
  require(value != nullptr, "key \"{}\" is missing", key);
  return integer_of(*value, key);
}

std::int64_t integer_or(const Json& json, std::string_view key, std::int64_t missing) {
  return integer_if(json, key).value_or(missing);
}

double number_or(const Json& json, std::string_view key, double missing) {
  return number_if(json, key).value_or(missing);
}

bool bool_or(const Json& json, std::string_view key, bool missing) {
  const Json* value = find(json, key);
  if (value == nullptr) return missing;
  require(value->is_boolean(), "key \"{}\": expected true or false, found {}", key,
          value->dump().substr(0, 80));
  return value->get<bool>();
}

std::optional<double> number_if(const Json& json, std::string_view key) {
  const Json* value = find(json, key);
  if (value == nullptr) return std::nullopt;
  return number_of(*value, key);
}

std::optional<std::int64_t> integer_if(const Json& json, std::string_view key) {
  const Json* value = find(json, key);
  if (value == nullptr) return std::nullopt;
  return integer_of(*value, key);
}

std::optional<std::int64_t> integer_if(const Json& json, std::string_view key,
                                       std::optional<std::int64_t> missing) {
  return json.contains(key) ? integer_if(json, key) : missing;
}

Config read_llama_like(const Json& json, const LlamaDefaults& defaults) {
  const std::int64_t heads = integer(json, "num_attention_heads");
  const std::int64_t dim = integer(json, "hidden_size");
  require(heads > 0, "key \"num_attention_heads\": expected a positive number, found {}", heads);
  const std::int64_t head_dim = integer_or(json, "head_dim", dim / heads);
  require(find(json, "head_dim") != nullptr || dim % heads == 0,
          "hidden_size {} is no multiple of num_attention_heads {}", dim, heads);
  const std::int64_t max_positions =
      integer_or(json, "max_position_embeddings", defaults.max_positions);
  const LayerSpec layer{
      .attention = {.heads = heads,
                    .kv_heads =
                        integer_if(json, "num_key_value_heads", defaults.kv_heads).value_or(heads),
                    .qk_dim = head_dim,
                    .v_dim = head_dim,
                    .scale = 1.0 / std::sqrt(static_cast<double>(head_dim)),
                    .window = std::nullopt,
                    .clip_qkv = std::nullopt,
                    .rope = read_rope(json, head_dim, defaults.rope_theta, max_positions)},
      .feed_forward = {.hidden = integer(json, "intermediate_size")},
  };
  const std::int64_t layers = integer(json, "num_hidden_layers");
  constexpr std::int64_t kMostLayers = 10000;
  require(layers > 0 && layers <= kMostLayers,
          "key \"num_hidden_layers\": expected 1 to {}, found {}", kMostLayers, layers);
  const auto bos = read_ids(json, "bos_token_id", defaults.bos_id);
  Config config{
      .family = {},
      .dim = dim,
      .vocab = integer(json, "vocab_size"),
      .max_positions = max_positions,
      .norm = NormKind::rms,
      .norm_eps = number_or(json, "rms_norm_eps", defaults.norm_eps),
      .tied_embeddings = bool_or(json, "tie_word_embeddings", defaults.tied_embeddings),
      .dtype = read_dtype(json),
      .layers = std::vector<LayerSpec>(static_cast<std::size_t>(layers), layer),
      .bos_id = bos.empty() ? std::nullopt : std::optional(bos[0]),
      .eos_ids = read_ids(json, "eos_token_id", defaults.eos_id),
  };
  limit_positions(config);
  return config;
}

}  // namespace moe
