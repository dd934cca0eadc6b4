// What is measured, as the user writes it: WHAT[@key=value,...] (the last `@` divides; %40 and %2C
// escape `@` and `,`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace moe {

enum class TargetKind : std::uint8_t { directory, card, hub, synthetic, endpoint };

struct Target {
  TargetKind kind = TargetKind::directory;
  std::string what;  // without keys, unescaped
  std::map<std::string, std::string>
      keys;  // device, dtype, numerics, threads, top_k, layers, seed, ...
  std::string
      name;  // short, for tables: the folder's or the card's name, with the keys that differ
  std::filesystem::path directory;  // where its files lie; empty for endpoints and synthetic ones
};

/// Error on an unknown key, a value out of range, or a place where nothing is; nothing is loaded.
Target resolve_target(std::string_view spec);

}  // namespace moe
