#include "models/family.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

/// Keys of any config.json that change nothing we compute: training, bookkeeping, generation
/// defaults.
constexpr std::string_view kInertEverywhere[] = {
    "architectures",        "model_type",      "torch_dtype",       "dtype",
    "transformers_version", "use_cache",       "initializer_range", "attention_dropout",
    "hidden_dropout",       "pad_token_id",    "pretraining_tp",    "bos_token_id",
    "eos_token_id",         "auto_map",        "output_attentions", "output_hidden_states",
    "return_dict",          "use_return_dict", "name_or_path",      "chunk_size_feed_forward",
    "is_encoder_decoder",   "problem_type",    "id2label",          "label2id",
};

bool contains(std::span<const std::string_view> list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

std::string known_families() {
  std::string out;
  for (const Family* family : families())
    out += fmt::format("{}{}", out.empty() ? "" : ", ", family->architecture);
  return out;
}

void check_keys(const Family& family, const Json& json, std::string_view where) {
  for (const auto& [key, value] : json.items()) {
    if (key.starts_with("_") || contains(kInertEverywhere, key) || contains(family.keys, key) ||
        contains(family.inert, key))
      continue;
    const bool assumed =
        std::ranges::find(family.assumptions, key, &Assumption::key) != family.assumptions.end();
    require(assumed,
            "{}: unknown key \"{}\" with value {}; the {} family does not read it, so its effect "
            "would be lost",
            where, key, value.dump().substr(0, 80), family.name);
  }
}

void check_assumptions(const Family& family, const Json& json, std::string_view where) {
  for (const Assumption& assumption : family.assumptions) {
    const std::string key(assumption.key);
    if (!json.contains(key)) continue;  // the family's default is what we assume
    const Json wanted = Json::parse(assumption.json);
    require(json.at(key) == wanted || json.at(key).is_null(),
            "{}: key \"{}\": expected {}, found {}; nothing else is implemented for {}", where, key,
            assumption.json, json.at(key).dump().substr(0, 80), family.name);
  }
}

void check_sane(const Config& c, std::string_view where) {
  const auto positive = [&](std::string_view what, std::int64_t value) {
    constexpr std::int64_t kLargest = std::int64_t{1} << 32U;
    require(value > 0 && value < kLargest, "{}: {} is {}; expected a positive number", where, what,
            value);
  };
  positive("hidden_size", c.dim);
  positive("vocab_size", c.vocab);
  positive("max_position_embeddings", c.max_positions);
  positive("num_hidden_layers", static_cast<std::int64_t>(c.layers.size()));
  require(c.norm_eps > 0 && c.norm_eps < 1,
          "{}: the norm's epsilon is {}; expected a small positive number", where, c.norm_eps);
  for (const LayerSpec& layer : c.layers) {
    const AttentionSpec& a = layer.attention;
    const FeedForwardSpec& f = layer.feed_forward;
    positive("num_attention_heads", a.heads);
    positive("num_key_value_heads", a.kv_heads);
    positive("head_dim", a.qk_dim);
    positive("intermediate_size", f.hidden);
    require(a.heads % a.kv_heads == 0,
            "{}: num_attention_heads {} is no multiple of num_key_value_heads {}", where, a.heads,
            a.kv_heads);
    require(a.rope.dims % 2 == 0, "{}: head_dim {} is odd, so it cannot be rotated", where,
            a.rope.dims);
    require(a.rope.theta > 0, "{}: rope_theta is {}; expected a positive number", where,
            a.rope.theta);
    require(!a.window || *a.window > 0,
            "{}: sliding_window is {}; expected a positive number or null", where,
            a.window.value_or(0));
    require(f.experts >= 0 && f.experts < 65536, "{}: {} experts", where, f.experts);
    require(f.experts == 0 || (f.experts_per_token >= 1 && f.experts_per_token <= f.experts),
            "{}: num_experts_per_tok is {} of {} experts", where, f.experts_per_token, f.experts);
  }
}

}  // namespace

const Family& family_of(const Json& json) {
  std::string architecture;
  if (json.contains("architectures") && json["architectures"].is_array() &&
      !json["architectures"].empty()) {
    architecture = json["architectures"][0].get<std::string>();
  }
  const std::string model_type = json.value("model_type", "");
  for (const Family* family : families()) {
    if (architecture.empty() ? family->model_type == model_type
                             : family->architecture == architecture)
      return *family;
  }
  throw Error(
      fmt::format(
          "\"architectures\" is [\"{}\"] and \"model_type\" \"{}\"; known architectures are {}",
          architecture, model_type, known_families()),
      std::source_location::current());
}

Config read_config(const Json& json, std::string_view where) {
  require(json.is_object(), "{}: expected a JSON object", where);
  try {
    const Family& family = family_of(json);
    check_keys(family, json, where);
    check_assumptions(family, json, where);
    Config config = family.read_config(json);
    config.family = family.name;
    check_sane(config, where);
    return config;
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: {}", where, error.what()), std::source_location::current());
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(where)) throw;
    throw error.while_doing(std::string(where));
  }
}

Config read_config(const std::filesystem::path& file) {
  std::ifstream in(file);
  require(in.good(), "{}: cannot be read", file.string());
  const Json json = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  require(!json.is_discarded(), "{}: not JSON", file.string());
  return read_config(json, file.string());
}

std::vector<ParameterShape> parameters(const Config& c) {
  std::vector<ParameterShape> out = {{"embedding.weight", {c.vocab, c.dim}}};
  for (std::size_t l = 0; l < c.layers.size(); ++l) {
    const auto& [a, f] = c.layers[l];
    const auto add = [&](std::string_view name, std::vector<std::int64_t> shape) {
      out.push_back({fmt::format("blocks.{}.{}", l, name), std::move(shape)});
    };
    add("attention_norm.weight", {c.dim});
    add("attention.q.weight", {a.heads * a.qk_dim, c.dim});
    add("attention.k.weight", {a.kv_heads * a.qk_dim, c.dim});
    add("attention.v.weight", {a.kv_heads * a.v_dim, c.dim});
    add("attention.o.weight", {c.dim, a.heads * a.v_dim});
    if (a.qk_norm != QkNorm::none) {
      const bool full = a.qk_norm == QkNorm::full_width;
      add("attention.q_norm.weight", {full ? a.heads * a.qk_dim : a.qk_dim});
      add("attention.k_norm.weight", {full ? a.kv_heads * a.qk_dim : a.qk_dim});
    }
    add("feed_forward_norm.weight", {c.dim});
    if (f.experts == 0) {
      add("feed_forward.gate.weight", {f.hidden, c.dim});
      add("feed_forward.up.weight", {f.hidden, c.dim});
      add("feed_forward.down.weight", {c.dim, f.hidden});
      continue;
    }
    add("router.weight", {f.experts, c.dim});
    for (std::int64_t e = 0; e < f.experts; ++e) {
      add(fmt::format("experts.{}.gate.weight", e), {f.hidden, c.dim});
      add(fmt::format("experts.{}.up.weight", e), {f.hidden, c.dim});
      add(fmt::format("experts.{}.down.weight", e), {c.dim, f.hidden});
    }
  }
  out.push_back({"norm.weight", {c.dim}});
  if (!c.tied_embeddings) out.push_back({"head.weight", {c.vocab, c.dim}});
  return out;
}

}  // namespace moe
