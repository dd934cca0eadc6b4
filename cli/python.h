// The Python of .venv, for what wheels do better: downloads and drawing charts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace moe {

/// .venv/bin/python of the source tree this program was built from; may not be there.
std::filesystem::path python();

/// Runs it with the terminal's own input and output; its exit code, 128 + the signal that ended it,
/// or 127 where it is not there.
int run_python(const std::vector<std::string>& arguments);

}  // namespace moe
