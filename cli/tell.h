// Words to people, on standard error. Where nobody can read them (it is closed, or full), nothing
// happens: what cannot be said must not end the program.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace moe {

template <typename... Args>
void tell(fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  std::fputs(text.c_str(), stderr);
}

}  // namespace moe
