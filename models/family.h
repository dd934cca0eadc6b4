// A model family: how to read its config.json and what its weights are called.
//
// A family is a value, defined in families/<name>.cpp and listed in CMakeLists.txt. Everything else
// (blocks, cache, sampling, counting) is shared, so that two families differ only where their
// papers do.
#pragma once

#include <filesystem>
#include <span>
#include <string_view>

#include "models/config.h"

namespace moe {

/// Which rows of a tensor are a parameter's, where several parameters share it: all; some, the
/// parameters' one after the other as the family lists them (q, k, v); or every n-th of n.
enum class TakenRows : std::uint8_t { all, in_turn, interleaved };

/// How a parameter is cut out of its tensor, in this order.
struct Recipe {
  bool by_expert = false;   // the tensor is [E, ...]: the slice of the parameter's expert
  bool transposed = false;  // it is [inputs, outputs]
  TakenRows rows = TakenRows::all;

  bool operator==(const Recipe&) const = default;
};

/// A checkpoint tensor and a parameter it fills. `{}` stands for a layer, `{e}` for an expert.
struct WeightName {
  std::string_view checkpoint;
  std::string_view parameter;
  Recipe recipe = {};
};

/// A key of config.json that must have this value, because we implement nothing else. `null`
/// also accepts a missing key.
struct Assumption {
  std::string_view key;
  std::string_view json;  // the value, written as JSON
};

struct Family {
  std::string_view name;
  std::string_view architecture;  // config.json: "architectures"[0]
  std::string_view model_type;    // config.json: "model_type"
  Config (*read_config)(const Json&);
  std::span<const std::string_view> keys;   // config.json keys that read_config uses
  std::span<const std::string_view> inert;  // keys that change nothing we compute
  std::span<const Assumption> assumptions;
  std::span<const WeightName> weights;
  std::span<const std::string_view> ignored_weights;  // patterns with {} of tensors not used
};

std::span<const Family* const> families();

/// The family that `json` ("architectures", "model_type") names; Error lists the known ones.
const Family& family_of(const Json& json);

/// Reads and checks a config.json: unknown keys, unassumed values and missing keys are Errors that
/// name file, key, expected and found.
Config read_config(const std::filesystem::path& config_json);
Config read_config(const Json&, std::string_view where);

/// A parameter of a model and its shape, as the decoder asks for it:
///   embedding.weight [V, D]                      head.weight [V, D] (absent when tied)
///   norm.weight [D]
///   blocks.{}.attention_norm.weight [D]          blocks.{}.feed_forward_norm.weight [D]
///   blocks.{}.attention.{q,k,v,o}.weight         blocks.{}.attention.{q,k}_norm.weight
///   blocks.{}.attention.{q,k,v,o}.bias           blocks.{}.attention.sinks [H]
///   blocks.{}.feed_forward.{gate,up}.weight [F, D]  .down.weight [D, F]      (dense)
///   blocks.{}.router.weight [E, D]               blocks.{}.experts.{e}.{gate,up,down}.weight
///   blocks.{}.router.bias [E]                    blocks.{}.router.correction_bias [E]
///   blocks.{}.shared.{gate,up,down}.weight       blocks.{}.shared_gate.weight [1, D]
/// An MLP with biases has {gate,up}.bias [F] and down.bias [D], one without a gate no gate.
struct ParameterShape {
  std::string name;
  std::vector<std::int64_t> shape;
};

/// All parameters of a model with this config, in layer order.
std::vector<ParameterShape> parameters(const Config&);

}  // namespace moe
