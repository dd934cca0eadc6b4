#include "harness/child.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdlib>
#include <cstring>

namespace moe {
namespace {

constexpr int kNoParent = 70;  // exit code nobody is left to read
constexpr const char* kWaiting = "GOMP_SPINCOUNT=10000";
// LibTorch's cache of the products that oneDNN made ready, and oneDNN's own: 1,024 each by default,
// one for every number of rows that an expert ever had.
constexpr const char* kCaches[] = {"LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY"};
constexpr int kCached = 256;

}  // namespace

void ChildSetup::become_worker(pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNoParent);  // it ended before the line above
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  // Where it is not permitted the kernel chooses as it would.
  [[maybe_unused]] const auto written = write(file, "1000", 4);
  close(file);
}

std::vector<std::string> environment_of_worker() {
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry)
    out.emplace_back(*entry);
  if (std::getenv("OMP_WAIT_POLICY") == nullptr && std::getenv("GOMP_SPINCOUNT") == nullptr)
    out.emplace_back(kWaiting);
  for (const char* cache : kCaches) {
    if (std::getenv(cache) == nullptr) out.push_back(fmt::format("{}={}", cache, kCached));
  }
  return out;
}

std::string openmp_waiting() {
  std::string set;
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}) {
    if (const char* value = std::getenv(name))
      set += fmt::format("{}{}={}", set.empty() ? "" : " ", name, value);
  }
  return set.empty() ? kWaiting : set;
}

void let_children_be_waited_for() {
  struct sigaction now{};
  sigaction(SIGCHLD, nullptr, &now);
  const bool lost = now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT) != 0;
  if (lost) std::signal(SIGCHLD, SIG_DFL);
}

bool still_running(pid_t child) {
  siginfo_t info{};
  const int failed = waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT);
  return failed == 0 && info.si_pid == 0;
}

std::string exit_text(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return WEXITSTATUS(status) == 0 ? "done" : fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace moe
