// The Hugging Face cache on this machine, as huggingface_hub lays it out.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace moe {

/// The folder of the cache, from HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME or HOME, in that order.
std::filesystem::path hub_cache();

/// The snapshot of a repository ("org/name") at a branch, tag or commit, if it is there and has a
/// config.json.
std::optional<std::filesystem::path> hub_snapshot(const std::string& repository,
                                                  const std::string& revision);

}  // namespace moe
