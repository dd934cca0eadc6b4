// The dtype a checkpoint is stored in, for a config.json that does not say.
#pragma once

#include <filesystem>
#include <optional>

#include "models/config.h"
#include "models/family.h"

namespace moe {

/// That of the embedding table, the one tensor every model has and nobody keeps in another dtype
/// than the model's (a router or a norm may be). Reads one safetensors header, no weights; nothing
/// where the folder has no such file or no such tensor, which whoever opens the weights reports.
std::optional<DType> stored_dtype(const std::filesystem::path& directory, const Family&);

}  // namespace moe
