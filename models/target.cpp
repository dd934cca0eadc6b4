#include "models/target.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/json_text.h"
#include "harness/sha256.h"
#include "models/config_json.h"
#include "models/family.h"
#include "models/library.h"
#include "models/placement.h"
#include "models/stored_dtype.h"
#include "models/target_keys.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

Json config_json(const Target& target) {
  const fs::path file = target.kind == TargetKind::directory
                            ? target.directory / "config.json"
                            : fs::path(target.what.substr(kSynthetic.size()));
  if (target.kind == TargetKind::synthetic) {
    if (auto json = bundled_config(file.string())) return *std::move(json);
    std::string known;
    for (const std::string_view name : config_names())
      known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    require(fs::is_regular_file(file),
            "target {}: no such file, and no bundled config of that name; bundled are {}",
            target.what, known);
  }
  return read_json(read_text(file), file.string());
}

}  // namespace

Target resolve_target(std::string_view spec) {
  const std::size_t at = spec.rfind('@');
  Target target{.what = unescaped(spec.substr(0, at)), .keys = {}, .name = {}, .directory = {}};
  require(!target.what.empty(), "target \"{}\": nothing before the keys", spec);
  if (at != std::string_view::npos) target.keys = parse_keys(spec.substr(at + 1), spec);
  place(target, cards());
  check_keys(target);
  for (const auto& [key, value] : target.keys) target.name += fmt::format(" {}={}", key, value);
  return target;
}

Config config_of(const Target& target) {
  const std::string where = target.kind == TargetKind::directory
                                ? (target.directory / "config.json").string()
                                : target.what;
  const Json json = config_json(target);
  Config config = read_config(json, where);
  if (target.kind == TargetKind::directory && !names_dtype(json))
    config.dtype = stored_dtype(target.directory, family_of(json)).value_or(config.dtype);
  if (target.keys.contains("layers")) {
    const auto layers = static_cast<std::size_t>(integer_of(target, "layers", 0));
    require(layers <= config.layers.size(), "target {}: key layers={}: the config has {}",
            target.what, layers, config.layers.size());
    config.layers.resize(layers);
  }
  if (target.keys.contains("max_length")) {
    try {
      config = with_max_length(std::move(config), integer_of(target, "max_length", 0));
    } catch (const Error& error) {
      throw error.while_doing("target " + target.what);
    }
  }
  if (target.keys.contains("top_k"))
    config = with_top_k(std::move(config), integer_of(target, "top_k", 0));
  return config;
}

DType dtype_of(const Target& target, const Config& config) {
  const auto found = target.keys.find("dtype");
  return found == target.keys.end() ? config.dtype : dtype_of(found->second);
}

KeptAs kept_as(const Target& target, const Config& config) {
  const auto found = target.keys.find("weights");
  return {dtype_of(target, config),
          found == target.keys.end() ? Quantisation::none : quantisation_of(found->second),
          numerics_of(target) == "fast"};
}

DType activation_dtype_of(const Target& target, const Config& config) {
  return numerics_of(target) == "fast" ? DType::f32 : dtype_of(target, config);
}

DType softmax_dtype_of(const Target& target, const Config& config) {
  const auto found = target.keys.find("softmax_dtype");
  return found == target.keys.end() || found->second == "float32" ? DType::f32
                                                                  : dtype_of(target, config);
}

std::string device_of(const Target& target) {
  const auto found = target.keys.find("device");
  return found == target.keys.end() ? "cpu" : found->second;
}

std::string numerics_of(const Target& target) {
  const auto found = target.keys.find("numerics");
  if (found != target.keys.end()) return found->second;
  return device_of(target) == "cpu" ? "fast" : "reference";
}

std::int64_t integer_of(const Target& target, const std::string& key, std::int64_t missing) {
  const auto found = target.keys.find(key);
  return found == target.keys.end() ? missing : std::stoll(found->second);
}

std::int64_t kv_budget_of(const Target& target) {
  const auto found = target.keys.find("kv_budget");
  return found == target.keys.end() ? 0 : bytes_of_key(target, "kv_budget", found->second);
}

std::string identity_of(const Target& target, std::string_view weights_digest) {
  Json keys = Json::object();
  for (const auto& [key, value] : target.keys) {
    if (key != "kv_budget") keys[key] = value;
  }
  keys["numerics"] = numerics_of(target);  // also where it was not given: other bits
  std::string words;  // tokenizer_config.json names the ends, so it may change every prompt
  for (const char* name : {"tokenizer.json", "tokenizer_config.json"}) {
    const fs::path file = target.directory / name;
    if (target.kind == TargetKind::directory && fs::exists(file))
      words += sha256_hex(read_text(file));
  }
  return sha256_hex(fmt::format("{}\n{}\n{}\n{}", config_json(target).dump(), weights_digest, words,
                                keys.dump()));
}

}  // namespace moe
