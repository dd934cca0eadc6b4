#include "harness/build_info.h"

#include <fmt/format.h>

namespace moe {

std::string build_line() {
  const BuildInfo info = build_info();
  return fmt::format("moebench {}, commit {}, {}, {}", info.version, info.commit, info.compiler,
                     info.flags);
}

}  // namespace moe
