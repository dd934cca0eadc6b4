// Words to people, on standard error. Where nobody can read them (it is closed, or full, or its
// reader has gone), nothing happens: what cannot be said must not end the program.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "harness/broken_pipe.h"

namespace moe {

template <typename... Args>
void tell(fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  const BrokenPipesReported no_signal;
  std::fputs(text.c_str(), stderr);
}

}  // namespace moe
