#include "models/bundled.h"

#include <cstdlib>
#include <source_location>

#include "harness/error.h"

namespace moe {

namespace fs = std::filesystem;

std::vector<fs::path> bundled_places(const fs::path& program_folder) {
  std::vector<fs::path> places;
  const char* given = std::getenv("MOEBENCH_MODELS");
  if (given != nullptr && *given != '\0') places.emplace_back(given);
  places.push_back(program_folder.parent_path() / "share/moebench/models");
  places.push_back(fs::path(MOE_SOURCE_DIR) / "models/bundled");
  return places;
}

fs::path find_bundled(const std::string& name, std::span<const fs::path> places) {
  std::string looked;
  for (const fs::path& place : places) {
    const fs::path folder = place / name;
    std::error_code failed;
    if (fs::is_regular_file(folder / "config.json", failed)) return fs::canonical(folder);
    looked += fmt::format("{}{}", looked.empty() ? "" : ", ", folder.string());
  }
  throw Error(fmt::format("a checkpoint that comes with the program, and no config.json in any of "
                          "{}; MOEBENCH_MODELS=FOLDER names another place for it",
                          looked),
              std::source_location::current());
}

}  // namespace moe
