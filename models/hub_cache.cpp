#include "models/hub_cache.h"

#include <cstdlib>
#include <fstream>

namespace moe {

namespace fs = std::filesystem;

fs::path hub_cache() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (std::string cache = variable("HF_HUB_CACHE"); !cache.empty()) return cache;
  if (const std::string home = variable("HF_HOME"); !home.empty()) return fs::path(home) / "hub";
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "huggingface/hub";
  return fs::path(variable("HOME")) / ".cache/huggingface/hub";
}

std::optional<fs::path> hub_snapshot(const std::string& repository, const std::string& revision) {
  std::string folder = "models--" + repository;
  folder.replace(folder.find('/'), 1, "--");
  const fs::path root = hub_cache() / folder;
  std::string commit = revision;
  if (std::ifstream ref(root / "refs" / revision); ref.good()) std::getline(ref, commit);
  const fs::path found = root / "snapshots" / commit;
  return fs::exists(found / "config.json") ? std::optional(found) : std::nullopt;
}

}  // namespace moe
