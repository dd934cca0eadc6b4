#include "models/target_keys.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "harness/error.h"

namespace moe {
namespace {

constexpr auto kKeys = std::to_array<std::string_view>(
    {"device", "dtype", "kv_budget", "layers", "max_length", "numerics", "revision", "seed",
     "softmax_dtype", "threads", "top_k", "weights"});
std::string known_keys() {
  std::string out;
  for (const std::string_view key : kKeys) out += fmt::format("{}{}", out.empty() ? "" : ", ", key);
  return out;
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

/// cpu, cuda or cuda:N.
bool is_device(std::string_view device) {
  constexpr std::string_view kNumbered = "cuda:";
  if (!device.starts_with(kNumbered)) return device == "cpu" || device == "cuda";
  const std::string_view number = device.substr(kNumbered.size());
  constexpr std::size_t kMostDigits = 4;
  return !number.empty() && number.size() <= kMostDigits &&
         std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::span<const std::string_view> target_keys() {
  return kKeys;
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
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
    const std::size_t equals = one.find('=');
    require(equals != std::string_view::npos && equals > 0 && equals + 1 < one.size(),
            "target {}: \"{}\": expected key=value behind @ (a path's own @ is written %40)", spec,
            one);
    const std::string key(one.substr(0, equals));
    require(std::ranges::find(kKeys, key) != kKeys.end(),
            "target {}: unknown key \"{}\"; known are {}", spec, key, known_keys());
    require(keys.emplace(key, unescaped(one.substr(equals + 1))).second,
            "target {}: key \"{}\" is given twice", spec, key);
  }
  return keys;
}

std::int64_t bytes_of_key(const Target& target, std::string_view key, std::string_view text) {
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {{"", 1},
                                                                  {"B", 1},
                                                                  {"kB", 1000},
                                                                  {"MB", 1000'000},
                                                                  {"GB", 1000'000'000},
                                                                  {"KiB", std::int64_t{1} << 10U},
                                                                  {"MiB", std::int64_t{1} << 20U},
                                                                  {"GiB", std::int64_t{1} << 30U}};
  constexpr std::int64_t kMost = std::int64_t{1} << 50U;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto found =
      std::ranges::find(kUnits, unit, &std::pair<std::string_view, std::int64_t>::first);
  require(error == std::errc() && found != std::end(kUnits) && count > 0 &&
              count <= kMost / found->second,
          "target {}: key {}={}: expected a size as 512MiB, 2GB or a number of bytes", target.what,
          key, text);
  return count * found->second;
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
  kv_budget_of(target);
  check_word(target, "dtype", std::to_array<std::string_view>({"f32", "bf16", "f16"}));
  check_word(target, "softmax_dtype", std::to_array<std::string_view>({"float32", "model"}));
  check_word(target, "numerics", std::to_array<std::string_view>({"reference", "fast"}));
  const std::string device = device_of(target);
  require(is_device(device), "target {}: key device={}: expected cpu, cuda or cuda:N", target.what,
          device);
  require(numerics_of(target) != "fast" || device == "cpu",
          "target {}: key numerics=fast: expected device=cpu, found device={}", target.what,
          device);
  check_word(target, "weights", std::to_array<std::string_view>({"none", "int8", "int4", "mxfp4"}));
  const auto weights = target.keys.find("weights");
  const std::string kept = weights == target.keys.end() ? "none" : weights->second;
  require(kept == "none" || numerics_of(target) == "fast",
          "target {}: key weights={}: expected numerics=fast, which quantises, found {}",
          target.what, kept, numerics_of(target));
  for (const std::string key : {"layers", "seed"}) {
    require(!target.keys.contains(key) || target.kind == TargetKind::synthetic,
            "target {}: key \"{}\" is for synthetic: targets only", target.what, key);
  }
}

std::string spec_of(const std::string& what, const std::map<std::string, std::string>& keys) {
  const auto escaped = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '@' ? "%40" : c == ',' ? "%2C" : std::string(1, c);
    return out;
  };
  std::string out = escaped(what);
  char divider = '@';
  for (const auto& [key, value] : keys) {
    out += fmt::format("{}{}={}", divider, key, escaped(value));
    divider = ',';
  }
  return out;
}

namespace {

Target unplaced(std::string_view spec) {
  const std::size_t at = spec.rfind('@');
  Target target{.what = unescaped(spec.substr(0, at)), .keys = {}, .name = {}, .directory = {}};
  if (at != std::string_view::npos) target.keys = parse_keys(spec.substr(at + 1), spec);
  return target;
}

}  // namespace

std::string other_target(std::string_view spec, const std::string& other) {
  if (!other.starts_with('@')) return other;
  Target target = unplaced(spec);
  for (const auto& [key, value] : parse_keys(std::string_view(other).substr(1), other))
    target.keys[key] = value;
  return spec_of(target.what, target.keys);
}

std::optional<std::string> reference_of(std::string_view spec) {
  Target target = unplaced(spec);
  if (numerics_of(target) == "reference") return std::nullopt;
  target.keys["numerics"] = "reference";
  target.keys.erase("weights");
  return spec_of(target.what, target.keys);
}

}  // namespace moe
