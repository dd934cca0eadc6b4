#include "tests/cli/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <list>

#include "harness/clock.h"
#include "harness/error.h"
#include "tests/temporary_folder.h"

namespace moe {
namespace {

void redirect(const std::filesystem::path& file, int descriptor) {
  const int opened = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (opened < 0) _exit(125);
  dup2(opened, descriptor);
  close(opened);
}

[[noreturn]] void become(const std::vector<std::string>& arguments,
                         const std::filesystem::path& folder, const Variables& variables) {
  const int given = open((folder / "stdin.txt").c_str(), O_RDONLY);
  if (given >= 0) dup2(given, STDIN_FILENO);
  redirect(folder / "stdout.txt", STDOUT_FILENO);
  redirect(folder / "stderr.txt", STDERR_FILENO);
  if (chdir(folder.c_str()) != 0) _exit(126);
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  std::vector<std::string> words = {MOE_BINARY_DIR "/moebench"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

}  // namespace

Ran moebench(const std::vector<std::string>& arguments, const std::filesystem::path& folder,
             const Variables& variables, double kill_after_s) {
  const double began = steady_seconds();
  const pid_t child = fork();
  require(child >= 0, "fork failed");
  if (child == 0) become(arguments, folder, variables);
  int status = 0;
  while (waitpid(child, &status, kill_after_s >= 0 ? WNOHANG : 0) == 0) {
    if (steady_seconds() - began >= kill_after_s) kill(child, SIGKILL);
    usleep(2000);
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, text_of(folder / "stdout.txt"), text_of(folder / "stderr.txt")};
}

std::filesystem::path fresh_folder(const std::string& name) {
  static std::list<TemporaryFolder> folders;
  const std::filesystem::path folder = folders.emplace_back().path() / name;
  std::filesystem::create_directories(folder);
  return folder;
}

std::filesystem::path write_tiny_config(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "tiny.json";
  std::ofstream(file)
      << R"({"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "hidden_size": 32,
    "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 32,
    "num_local_experts": 4, "num_experts_per_tok": 2, "vocab_size": 258, "max_position_embeddings": 512,
    "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "tie_word_embeddings": false, "hidden_act": "silu",
    "torch_dtype": "float32"})";
  return file;
}

}  // namespace moe
