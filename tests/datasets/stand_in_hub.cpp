#include "tests/datasets/stand_in_hub.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "harness/error.h"

namespace moe {
namespace {

const std::string kPython = MOE_SOURCE_DIR "/.venv/bin/python";

/// Up to the end of a line, or of the pipe.
std::string read_line(int descriptor) {
  std::string line;
  for (char c = 0; read(descriptor, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace

std::optional<std::string> why_no_downloads() {
  const std::string check =
      kPython +
      " -c 'from importlib.util import find_spec as f; exit(not (f(\"huggingface_hub\") and "
      "f(\"pyarrow\")))'";
  // NOLINTNEXTLINE(concurrency-mt-unsafe,bugprone-command-processor): fixed, before any thread
  if (std::filesystem::exists(kPython) && std::system(check.c_str()) == 0) return std::nullopt;
  return kPython + " with huggingface_hub and pyarrow is not there; ./bootstrap.sh makes it";
}

StandInHub::StandInHub(std::filesystem::path root) : root_(std::move(root)) {
  std::filesystem::create_directories(root_);
  std::array<int, 2> input{}, output{};
  require(pipe2(input.data(), O_CLOEXEC) == 0 && pipe2(output.data(), O_CLOEXEC) == 0,
          "no pipes for the stand-in hub");
  const std::string script = MOE_SOURCE_DIR "/tests/datasets/stand_in_hub.py";
  child_ = fork();
  require(child_ >= 0, "fork failed");
  if (child_ == 0) {
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    execl(kPython.c_str(), kPython.c_str(), script.c_str(), root_.c_str(), nullptr);
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  const std::string port = read_line(output[0]);
  close(output[0]);
  require(!port.empty(), "{} did not start", script);
  endpoint_ = "http://127.0.0.1:" + port;
}

void StandInHub::stop() {
  if (child_ < 0) return;
  close(input_);
  waitpid(child_, nullptr, 0);
  child_ = -1;
}

std::map<std::string, std::string> StandInHub::variables(const std::filesystem::path& home) const {
  return {{"HF_ENDPOINT", endpoint_},
          {"HF_HOME", home.string()},
          {"HF_HUB_CACHE", (home / "hub").string()},
          {"HF_TOKEN", ""},
          {"HF_TOKEN_PATH", (home / "token").string()},
          {"HF_HUB_OFFLINE", "0"},
          {"HF_HUB_DISABLE_TELEMETRY", "1"},
          {"NO_PROXY", "*"},
          {"no_proxy", "*"}};
}

std::vector<std::string> StandInHub::downloads() const {
  std::vector<std::string> out;
  std::ifstream log(root_ / "requests.log");
  for (std::string line; std::getline(log, line);) {
    if (line.starts_with("GET ") && line.find("/resolve/") != std::string::npos)
      out.push_back(line.substr(std::string("GET /").size()));
  }
  return out;
}

}  // namespace moe
