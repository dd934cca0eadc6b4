#include "models/target.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/sha256.h"
#include "models/family.h"
#include "models/library.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

constexpr auto kKeys =
    std::to_array<std::string_view>({"device", "dtype", "layers", "max_length", "numerics",
                                     "revision", "seed", "threads", "top_k"});
constexpr std::string_view kSynthetic = "synthetic:";

std::string known_keys() {
  std::string out;
  for (const std::string_view key : kKeys) out += fmt::format("{}{}", out.empty() ? "" : ", ", key);
  return out;
}

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i, 3) == "%40") {
      out += '@';
      i += 2;
    } else if (text.substr(i, 3) == "%2C" || text.substr(i, 3) == "%2c") {
      out += ',';
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> parse_keys(std::string_view text, std::string_view spec) {
  std::map<std::string, std::string> keys;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t equals = one.find('=');
    require(equals != std::string_view::npos && equals > 0 && equals + 1 < one.size(),
            "target {}: \"{}\": expected key=value", spec, one);
    const std::string key(one.substr(0, equals));
    require(std::ranges::find(kKeys, key) != kKeys.end(),
            "target {}: unknown key \"{}\"; known are {}", spec, key, known_keys());
    require(keys.emplace(key, unescaped(one.substr(equals + 1))).second,
            "target {}: key \"{}\" is given twice", spec, key);
  }
  return keys;
}

std::int64_t whole_number(const Target& target, const std::string& key, std::int64_t low,
                          std::int64_t high) {
  const std::string& text = target.keys.at(key);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  require(error == std::errc() && end == text.data() + text.size() && value >= low && value <= high,
          "target {}: key {}={}: expected a whole number from {} to {}", target.what, key, text,
          low, high);
  return value;
}

void check_word(const Target& target, const std::string& key,
                std::span<const std::string_view> words) {
  const auto found = target.keys.find(key);
  if (found == target.keys.end() || std::ranges::find(words, found->second) != words.end()) return;
  std::string known;
  for (const std::string_view word : words)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", word);
  throw Error(fmt::format("target {}: key {}={}: expected one of {}", target.what, key,
                          found->second, known),
              std::source_location::current());
}

void check_keys(const Target& target) {
  constexpr std::int64_t kMany = std::int64_t{1} << 31U;
  const auto check = [&](const std::string& key, std::int64_t low, std::int64_t high) {
    if (target.keys.contains(key)) whole_number(target, key, low, high);
  };
  check("threads", 1, 1024);
  check("top_k", 1, 65536);
  check("layers", 1, 10000);
  check("max_length", 2, kMany);
  check("seed", 0, kMany);
  check_word(target, "dtype", std::to_array<std::string_view>({"f32", "bf16", "f16"}));
  check_word(target, "numerics",
             std::to_array<std::string_view>({"fast", "reference", "invariant"}));
  const std::string device = device_of(target);
  require(device == "cpu" || device == "cuda" || device.starts_with("cuda:"),
          "target {}: key device={}: expected cpu, cuda or cuda:N", target.what, device);
  for (const std::string key : {"layers", "seed"}) {
    require(!target.keys.contains(key) || target.kind == TargetKind::synthetic,
            "target {}: key \"{}\" is for synthetic: targets only", target.what, key);
  }
}

fs::path hub_cache() {
  const auto variable = [](const char* name) {
    return std::getenv(name) == nullptr ? std::string() : std::string(std::getenv(name));
  };
  if (const std::string cache = variable("HF_HUB_CACHE"); !cache.empty()) return cache;
  if (const std::string home = variable("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "huggingface/hub";
  return fs::path(variable("HOME")) / ".cache/huggingface/hub";
}

/// The snapshot of a repository in the Hugging Face cache, if it is there.
std::optional<fs::path> snapshot(const std::string& repository, const std::string& revision) {
  std::string folder = "models--" + repository;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path root = hub_cache() / folder;
  std::string commit = revision;
  if (std::ifstream ref(root / "refs" / revision); ref.good()) std::getline(ref, commit);
  const fs::path found = root / "snapshots" / commit;
  return fs::exists(found / "config.json") ? std::optional(found) : std::nullopt;
}

bool is_repository(std::string_view what) {
  return std::ranges::count(what, '/') == 1 && what.front() != '/' && what.back() != '/' &&
         what.front() != '.';
}

void place(Target& target) {
  if (target.what.starts_with(kSynthetic)) {
    target.kind = TargetKind::synthetic;
    const fs::path config = target.what.substr(kSynthetic.size());
    target.name = (config.extension() == ".json" ? config.stem() : config.filename()).string();
    return;
  }
  require(
      !target.what.starts_with("http://") && !target.what.starts_with("https://"),
      "target {}: this build measures models it loads itself; a server's URL is no target of it",
      target.what);
  if (fs::is_directory(target.what)) {
    target.directory = fs::canonical(target.what);
    target.name = target.directory.filename().string();
    if (target.name == "hf" || target.name.size() == 40)
      target.name = target.directory.parent_path().filename().string();
    require(fs::exists(target.directory / "config.json"),
            "target {}: the folder has no config.json", target.what);
    return;
  }
  const auto card = std::ranges::find(cards(), target.what, &Card::name);
  const bool known = card != cards().end();
  require(
      known || is_repository(target.what),
      "target {}: no such folder, no card of that name (`moebench list targets`), and not org/name",
      target.what);
  const std::string repository = known ? card->repository : target.what;
  const auto revision = target.keys.find("revision");
  const std::string wanted = revision != target.keys.end() ? revision->second
                             : known                       ? card->revision
                                                           : "main";
  const auto found = snapshot(repository, wanted);
  require(found.has_value(),
          "target {}: {} at revision {} is not in the Hugging Face cache {}; bring it with: "
          "moebench fetch model {}",
          target.what, repository, wanted, hub_cache().string(), repository);
  target.directory = *found;
  target.name = known ? card->name : repository.substr(repository.find('/') + 1);
}

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
  std::ifstream in(file);
  Json json = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  require(!json.is_discarded(), "{}: not JSON", file.string());
  return json;
}

}  // namespace

std::span<const std::string_view> target_keys() {
  return kKeys;
}

Target resolve_target(std::string_view spec) {
  const std::size_t at = spec.rfind('@');
  Target target{.what = unescaped(spec.substr(0, at)), .keys = {}, .name = {}, .directory = {}};
  require(!target.what.empty(), "target \"{}\": nothing before the keys", spec);
  if (at != std::string_view::npos) target.keys = parse_keys(spec.substr(at + 1), spec);
  place(target);
  check_keys(target);
  for (const auto& [key, value] : target.keys) target.name += fmt::format(" {}={}", key, value);
  return target;
}

Config config_of(const Target& target) {
  const std::string where = target.kind == TargetKind::directory
                                ? (target.directory / "config.json").string()
                                : target.what;
  Config config = read_config(config_json(target), where);
  if (target.keys.contains("layers")) {
    const auto layers = static_cast<std::size_t>(integer_of(target, "layers", 0));
    require(layers <= config.layers.size(), "target {}: key layers={}: the config has {}",
            target.what, layers, config.layers.size());
    config.layers.resize(layers);
  }
  if (target.keys.contains("max_length"))
    config.max_positions = std::min(config.max_positions, integer_of(target, "max_length", 0));
  if (target.keys.contains("top_k"))
    config = with_top_k(std::move(config), integer_of(target, "top_k", 0));
  return config;
}

DType dtype_of(const Target& target, const Config& config) {
  const auto found = target.keys.find("dtype");
  return found == target.keys.end() ? config.dtype : dtype_of(found->second);
}

std::string device_of(const Target& target) {
  const auto found = target.keys.find("device");
  return found == target.keys.end() ? "cpu" : found->second;
}

std::string numerics_of(const Target& target) {
  const auto found = target.keys.find("numerics");
  return found == target.keys.end() ? "fast" : found->second;
}

std::int64_t integer_of(const Target& target, const std::string& key, std::int64_t missing) {
  const auto found = target.keys.find(key);
  return found == target.keys.end() ? missing : std::stoll(found->second);
}

std::string identity_of(const Target& target, std::string_view weights_digest) {
  Json keys = Json::object();
  for (const auto& [key, value] : target.keys) keys[key] = value;
  return sha256_hex(
      fmt::format("{}\n{}\n{}", config_json(target).dump(), weights_digest, keys.dump()));
}

}  // namespace moe
