// A model as a Hugging Face checkpoint: the inverse of Checkpoint (checkpoint.h).
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

#include "models/config.h"
#include "models/family.h"

namespace moe {

/// All elements of a parameter (models/family.h), row-major; they stay where they are until the
/// next is asked for.
using ParameterValues = std::function<std::span<const float>(std::string_view parameter)>;

/// Writes config.json, as given but with "torch_dtype" set to `dtype`, and model.safetensors with
/// the family's tensors, values rounded to `dtype`. Both are written beside the folder first: it
/// appears whole, or the two take the place of an earlier checkpoint's, the weights last; other
/// files of the folder stay. Error names a parameter of another size than its shape or with a value
/// that `dtype` does not hold (a training that went astray), or the place that cannot be written;
/// then an earlier checkpoint is as it was.
void save_checkpoint(const std::filesystem::path& folder, const Json& config_json, DType dtype,
                     const ParameterValues& values);

/// Its second half: the family's tensors of a model with this config.
void save_weights(const std::filesystem::path& file, const Family&, const Config&, DType dtype,
                  const ParameterValues& values);

}  // namespace moe
