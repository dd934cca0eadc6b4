#include "models/family.h"

#include <algorithm>
#include <functional>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"
#include "models/config_check.h"

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

/// Adds a parameter of one layer by its name within it.
using Add = std::function<void(std::string_view, std::vector<std::int64_t>)>;

void add_attention(const AttentionSpec& a, std::int64_t dim, const Add& add) {
  const std::int64_t q = a.heads * a.qk_dim, k = a.kv_heads * a.qk_dim, v = a.kv_heads * a.v_dim;
  add("attention.q.weight", {q, dim});
  add("attention.k.weight", {k, dim});
  add("attention.v.weight", {v, dim});
  add("attention.o.weight", {dim, a.heads * a.v_dim});
  if (a.qkv_bias) {
    add("attention.q.bias", {q});
    add("attention.k.bias", {k});
    add("attention.v.bias", {v});
  }
  if (a.o_bias) add("attention.o.bias", {dim});
  if (a.sinks) add("attention.sinks", {a.heads});
  if (a.qk_norm == QkNorm::none) return;
  const bool full = a.qk_norm == QkNorm::full_width;
  add("attention.q_norm.weight", {full ? q : a.qk_dim});
  add("attention.k_norm.weight", {full ? k : a.qk_dim});
}

void add_mlp(const FeedForwardSpec& f, std::int64_t hidden, std::int64_t dim,
             const std::string& prefix, const Add& add) {
  if (f.gated) add(prefix + "gate.weight", {hidden, dim});
  add(prefix + "up.weight", {hidden, dim});
  add(prefix + "down.weight", {dim, hidden});
  if (!f.bias) return;
  if (f.gated) add(prefix + "gate.bias", {hidden});
  add(prefix + "up.bias", {hidden});
  add(prefix + "down.bias", {dim});
}

void add_feed_forward(const FeedForwardSpec& f, std::int64_t dim, const Add& add) {
  if (f.experts == 0) return add_mlp(f, f.hidden, dim, "feed_forward.", add);
  add("router.weight", {f.experts, dim});
  if (f.router_bias) add("router.bias", {f.experts});
  if (f.correction_bias) add("router.correction_bias", {f.experts});
  for (std::int64_t e = 0; e < f.experts; ++e) {
    add_mlp(f, f.hidden, dim, fmt::format("experts.{}.", e), add);
  }
  if (f.shared_hidden > 0) add_mlp(f, f.shared_hidden, dim, "shared.", add);
  if (f.shared_gate) add("shared_gate.weight", {1, dim});
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
    check_config(config, where);
    return config;
  } catch (const Json::exception& error) {
    throw Error(fmt::format("{}: {}", where, reason_of(error)), std::source_location::current());
  } catch (const Error& error) {
    if (std::string_view(error.what()).starts_with(where)) throw;
    throw error.while_doing(std::string(where));
  }
}

Config read_config(const std::filesystem::path& file) {
  return read_config(read_json(read_text(file), file.string()), file.string());
}

std::vector<ParameterShape> parameters(const Config& c) {
  std::vector<ParameterShape> out = {{"embedding.weight", {c.vocab, c.dim}}};
  for (std::size_t l = 0; l < c.layers.size(); ++l) {
    const auto add = [&](std::string_view name, std::vector<std::int64_t> shape) {
      out.push_back({fmt::format("blocks.{}.{}", l, name), std::move(shape)});
    };
    add("attention_norm.weight", {c.dim});
    add_attention(c.layers[l].attention, c.dim, add);
    add("feed_forward_norm.weight", {c.dim});
    add_feed_forward(c.layers[l].feed_forward, c.dim, add);
  }
  out.push_back({"norm.weight", {c.dim}});
  if (!c.tied_embeddings) out.push_back({"head.weight", {c.vocab, c.dim}});
  return out;
}

}  // namespace moe
