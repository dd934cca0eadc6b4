#include "cli/python.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace moe {

std::filesystem::path python() {
  return std::filesystem::path(MOE_SOURCE_DIR) / ".venv/bin/python";
}

int run_python(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {python().string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  constexpr int kNotFound = 127;
  pid_t child = 0;
  if (posix_spawn(&child, words[0].c_str(), nullptr, nullptr, argv.data(), environ) != 0)
    return kNotFound;
  int status = 0;
  if (waitpid(child, &status, 0) != child) return kNotFound;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace moe
