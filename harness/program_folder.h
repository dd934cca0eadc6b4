// Where the running program lies, and what was installed with it.
#pragma once

#include <filesystem>

namespace moe {

/// The folder of the running program's file; a link to it has been followed.
std::filesystem::path program_folder();

}  // namespace moe
