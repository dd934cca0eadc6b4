// Runs the program as a user does.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace moe {

struct Ran {
  int code = 0;  // exit code; 128 + signal where one ended it
  std::string out, err;
};

using Variables = std::map<std::string, std::string>;

/// Runs moebench with these arguments in `folder`, whose stdin.txt, if any, it reads;
/// `kill_after_s` >= 0 kills it (SIGKILL) after that time.
Ran moebench(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
             const Variables& variables = {}, double kill_after_s = -1);

/// A new empty folder, gone when the test program ends.
std::filesystem::path fresh_folder(const std::string& name);

/// A config.json of a mixture that is run in no time: 2 layers of width 32, 4 experts, reads bytes.
std::filesystem::path write_tiny_config(const std::filesystem::path& folder);

}  // namespace moe
