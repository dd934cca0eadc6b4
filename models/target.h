// What is measured, as the user writes it: WHAT[@key=value,...] (the last `@` divides; %40 and %2C
// escape `@` and `,`).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "models/config.h"

namespace moe {

enum class TargetKind : std::uint8_t { directory, synthetic };

struct Target {
  TargetKind kind = TargetKind::directory;
  std::string what;  // without keys, unescaped
  std::map<std::string, std::string>
      keys;          // device, dtype, numerics, weights, threads, top_k, layers, seed, ...
  std::string name;  // short, for tables: the folder's, card's or config's name and the keys
  std::filesystem::path directory;  // where its files lie; empty for synthetic ones
};

/// The keys a target may have.
std::span<const std::string_view> target_keys();

/// Resolves a directory with a checkpoint, a card's name (of a repository, or of a checkpoint that
/// comes with the program), org/name as it lies in the Hugging Face cache, or synthetic:NAME (a
/// bundled config) or synthetic:FILE.json. Error on an unknown key, a
/// value out of range, or a place where nothing is; nothing is loaded.
Target resolve_target(std::string_view spec);

/// The target's config, with its keys `layers`, `top_k` and `max_length` applied. Where
/// config.json names no dtype it is that of the stored embedding.
Config config_of(const Target&);

/// Values of keys, or what holds without them.
DType dtype_of(const Target&, const Config&);  // the checkpoint's
std::string device_of(const Target&);          // "cpu"
/// Of the weights while the model runs: dtype, and the key `weights`.
KeptAs kept_as(const Target&, const Config&);
/// Of activations, keys and values.
DType activation_dtype_of(const Target&, const Config&);
/// That log-probabilities are rounded to: float32, or with softmax_dtype=model dtype_of.
DType softmax_dtype_of(const Target&, const Config&);
/// "reference" or "fast"; without the key fast on the CPU.
std::string numerics_of(const Target&);
std::int64_t integer_of(const Target&, const std::string& key, std::int64_t missing);
/// Bytes that keys and values may take together (key `kv_budget`); 0 where it is not given.
std::int64_t kv_budget_of(const Target&);

/// sha256 over the config, the weights' digest, the tokenizer's files, every key given but for
/// kv_budget, which moves no number, and the numerics.
std::string identity_of(const Target&, std::string_view weights_digest);

}  // namespace moe
