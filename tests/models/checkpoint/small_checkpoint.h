// Small checkpoints for tests, written to a folder: seeded weights under a family's names.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/safetensors_writer.h"
#include "models/checkpoint/synthetic.h"
#include "models/family.h"
#include "tests/temporary_folder.h"

namespace moe {

using Json = nlohmann::json;

inline Json small_config_json(std::string_view architecture = "LlamaForCausalLM") {
  Json json = {{"architectures", {architecture}},
               {"hidden_size", 8},
               {"intermediate_size", 6},
               {"num_hidden_layers", 2},
               {"num_attention_heads", 2},
               {"num_key_value_heads", 1},
               {"vocab_size", 10},
               {"max_position_embeddings", 64},
               {"tie_word_embeddings", false}};
  if (architecture == "MixtralForCausalLM") json["num_local_experts"] = 3;
  if (architecture == "OlmoeForCausalLM") json["num_experts"] = 3;
  if (architecture == "MixtralForCausalLM" || architecture == "OlmoeForCausalLM")
    json["num_experts_per_tok"] = 2;
  return json;
}

inline Config small_config(std::string_view architecture = "LlamaForCausalLM") {
  return read_config(small_config_json(architecture), "config.json");
}

/// A tensor of a checkpoint to be written, with bytes of its own.
struct OwnedTensor {
  std::string name;
  std::string bytes;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
};

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// All tensors of a model with this config, under the names of its family's checkpoints.
inline std::vector<OwnedTensor> small_tensors(const Config& config, DType dtype = DType::f32) {
  Synthetic weights(config, 7, dtype);
  std::vector<OwnedTensor> out;
  for (const ParameterShape& parameter : parameters(config)) {
    const WeightView view = weights.weight(parameter.name);
    out.push_back(
        {checkpoint_name(config.family, parameter.name), text_of(view.bytes), dtype, view.shape});
  }
  return out;
}

inline void write_tensors(const std::filesystem::path& file,
                          const std::vector<OwnedTensor>& tensors) {
  std::vector<SavedTensor> saved;
  for (const OwnedTensor& tensor : tensors) {
    saved.push_back({tensor.name, format_of(tensor.dtype), tensor.shape,
                     std::as_bytes(std::span(tensor.bytes))});
  }
  write_safetensors(file, saved, {});
}

/// The tensors in turn over `shards` files, and the index that says so, which is returned.
inline Json write_shards(const std::filesystem::path& folder,
                         const std::vector<OwnedTensor>& tensors, std::size_t shards) {
  Json index = {{"metadata", Json::object()}, {"weight_map", Json::object()}};
  std::map<std::string, std::vector<OwnedTensor>> files;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::string file = fmt::format("model-{}.safetensors", i % shards);
    files[file].push_back(tensors[i]);
    index["weight_map"][tensors[i].name] = file;
  }
  for (const auto& [file, contents] : files) write_tensors(folder / file, contents);
  return index;
}

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The message of the Error that a checkpoint is refused with; "" where it opens.
inline std::string refusal(const std::filesystem::path& folder, const Config& config) {
  return message_of<Error>([&] { Checkpoint(folder, config); });
}

}  // namespace moe
