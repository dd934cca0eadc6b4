// Digests of large files, remembered by path, size and time of change, so that a checkpoint is read
// whole once and not at every start.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "harness/sha256.h"

namespace moe {

/// The remembered digest of `files` as they are now, or that of `compute`, which is then remembered
/// in $XDG_CACHE_HOME (else ~/.cache) under moebench/digests. Where that cannot be written the
/// digest is computed at every start.
std::string cached_digest(const std::vector<std::filesystem::path>& files,
                          const std::function<void(Sha256&)>& compute);

}  // namespace moe
