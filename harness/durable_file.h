// A file that is there whole or not at all: for whoever reads it meanwhile, after a crash, and
// after a power cut.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace moe {

/// Writes `parts`, one behind the other, to a neighbour that is brought to the disk and then takes
/// the place of `file`. Error names `file` and the reason; then what was there is still there, and
/// nothing lies beside it.
void write_durably(const std::filesystem::path& file,
                   std::span<const std::span<const std::byte>> parts);
void write_durably(const std::filesystem::path& file, std::string_view text);

/// Brings what was renamed in a folder to the disk.
void sync_folder(const std::filesystem::path&);

}  // namespace moe
