// A Hugging Face checkpoint: model.safetensors, or shards with an index, under the family's names.
#pragma once

#include <filesystem>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "models/checkpoint/recipe.h"
#include "models/checkpoint/safetensors.h"
#include "models/checkpoint/weights.h"
#include "models/config.h"

namespace moe {

class Checkpoint : public WeightSource {
 public:
  /// Opens all files and claims every tensor exactly once, by name and shape, however many
  /// parameters are cut out of it: one that is left over and not on the family's list of ignored
  /// names, missing, or of another shape is an Error that names it.
  Checkpoint(const std::filesystem::path& directory, const Config& config);
  Checkpoint(const std::filesystem::path& directory, const Config& config, const Family& family);

  /// Error names a tensor with an element that is infinite or no number.
  WeightView weight(std::string_view parameter) override;
  WeightView unread(std::string_view parameter) override;
  void release() override;
  /// sha256 over names and bytes of all parameters, however they lie; kept in the user's cache by
  /// path, size and time of the files.
  std::string digest() override;

 private:
  struct Place {
    std::size_t file = 0;
    std::string tensor;
    Cut cut;
  };
  std::vector<Safetensors> files_;
  std::map<std::string, Place, std::less<>> places_;  // by parameter
  std::list<std::vector<std::byte>> buffers_;         // of parameters that do not lie together
};

/// The name a parameter has in the family's checkpoints: "blocks.3.router.weight" ->
/// "model.layers.3.mlp.gate.weight". Error where the family has none.
std::string checkpoint_name(std::string_view family, std::string_view parameter);

}  // namespace moe
