// Writing to a pipe that nobody reads any more.
#pragma once

#include <signal.h>

namespace moe {

/// While it lives, a write of this thread to such a pipe is an error of that write, not a SIGPIPE,
/// which would end the program.
class BrokenPipesReported {
 public:
  BrokenPipesReported();
  ~BrokenPipesReported();
  BrokenPipesReported(const BrokenPipesReported&) = delete;
  BrokenPipesReported& operator=(const BrokenPipesReported&) = delete;

 private:
  sigset_t before_{};
  bool was_pending_ = false;
};

}  // namespace moe
