// The system calls around a child process: before it starts, while it runs, once it ended.
#pragma once

#include <sys/types.h>

#include <boost/process/v2/process.hpp>
#include <string>
#include <vector>

namespace moe {

/// What the child does before it becomes the worker, as Boost.Process calls it between fork and
/// exec.
struct ChildSetup {
  pid_t parent = 0;

  template <typename Launcher>
  boost::system::error_code on_exec_setup(Launcher&, const boost::process::v2::filesystem::path&,
                                          const char* const*&) const {
    become_worker(parent);
    return {};
  }

  /// A process group of its own, an end with its parent, and the first place in the queue when
  /// memory runs out. Only calls that are safe after fork.
  static void become_worker(pid_t parent);
};

/// The variables of this process and, unless the user has said otherwise, one by which libgomp's
/// threads spin 10,000 times where they wait, and then sleep. By default they spin 300,000 times,
/// and where others work too that keeps those they wait for off the processors. Likewise two that
/// let LibTorch's CPU part keep 256 prepared products, not 1,024: a mixture in bfloat16 has one for
/// every number of rows, and they would be most of what a small model holds.
std::vector<std::string> environment_of_worker();

/// What of it decides how OpenMP's threads wait: "GOMP_SPINCOUNT=10000".
std::string openmp_waiting();

/// A process may be started with SIGCHLD ignored: its children would be gone before anybody asked
/// how they ended.
void let_children_be_waited_for();

/// Leaves an ended child unreaped: until then nobody else can have its number, or its group's.
bool still_running(pid_t child);

/// "done", "exit code 70" or "killed by signal 9 (Killed)", of a status as waitpid gives it.
std::string exit_text(int status);

}  // namespace moe
