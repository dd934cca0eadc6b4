// Checkpoints that come with the program: small ones, each a folder of its own.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace moe {

/// Where they may lie, in the order to look: $MOEBENCH_MODELS; share/moebench/models beside the
/// program's folder, where an installation puts them; models/bundled of the sources this program
/// was built from.
std::vector<std::filesystem::path> bundled_places(const std::filesystem::path& program_folder);

/// The first of the folders PLACE/name that has a config.json. Error lists the places.
std::filesystem::path find_bundled(const std::string& name,
                                   std::span<const std::filesystem::path> places);

}  // namespace moe
