// A hub on this machine, for tests of downloads: stand_in_hub.py on a free port.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moe {

/// Why downloads cannot be tested here; nothing where .venv has huggingface_hub.
std::optional<std::string> why_no_downloads();

/// Serves the repositories under `root` (see stand_in_hub.py) for as long as it lives.
class StandInHub {
 public:
  explicit StandInHub(std::filesystem::path root);
  ~StandInHub() { stop(); }
  StandInHub(const StandInHub&) = delete;
  StandInHub& operator=(const StandInHub&) = delete;

  /// As if the net had gone: from now on connections are refused.
  void stop();

  /// What a program needs to take it for the hub, and to leave the user's own cache alone; the
  /// cache is `home`/hub.
  std::map<std::string, std::string> variables(const std::filesystem::path& home) const;

  /// The files downloaded so far, "ORG/NAME/resolve/COMMIT/FILE", with " bytes=N-" where it was a
  /// part.
  std::vector<std::string> downloads() const;

 private:
  std::filesystem::path root_;
  std::string endpoint_;
  pid_t child_ = -1;
  int input_ = -1;  // it ends when this is closed
};

}  // namespace moe
