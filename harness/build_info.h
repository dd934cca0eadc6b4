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
  std::string_view flags;     // "Release -O3 -DNDEBUG": build type, and what it is compiled with
  std::string_view torch;     // "2.9.1+cpu"; empty without LibTorch
};

BuildInfo build_info();

/// The linker's digest of the running program, in hexadecimal; empty where it wrote none. Tells two
/// builds of one commit apart, also where files were changed.
std::string build_id();

/// All of it in one line, as a run stores it.
std::string build_line();

/// Why what a program of these flags measures says little of the machine: it is "not optimised",
/// "checks its assertions", "checks itself with sanitizers"; "" where nothing speaks against it.
std::string_view why_slow(std::string_view flags);

}  // namespace moe
