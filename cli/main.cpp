// The program. Everything else is a library.
#include <fcntl.h>
#include <unistd.h>

#include <iterator>

#include "cli/command.h"

namespace {

/// A program may be started with its standard streams closed: the next file it opens would get
/// their numbers, and what is printed would go there. Writing to standard output stays an error.
void hold_standard_streams() {
  const int modes[] = {O_RDONLY, O_RDONLY, O_WRONLY};
  for (int fd = 0; fd < static_cast<int>(std::size(modes)); ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    if (open("/dev/null", modes[fd]) != fd) _exit(moe::kDefect);  // the lowest free number is fd
  }
}

}  // namespace

int main(int argc, char** argv) {
  hold_standard_streams();
  return moe::run_program({argv + 1, argv + argc});
}
