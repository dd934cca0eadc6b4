// What this program was built from.
#pragma once

#include <string>
#include <string_view>

namespace moe {

struct BuildInfo {
  std::string_view version;  // "0.1.0"
  std::string_view
      commit;  // hash, "-dirty" behind it where files were changed; "unknown" outside a checkout
  std::string_view compiler;  // "GNU 12.2.0"
  std::string_view flags;     // "Release -O3 -DNDEBUG"
};

BuildInfo build_info();

/// All of it in one line, as a run stores it.
std::string build_line();

}  // namespace moe
