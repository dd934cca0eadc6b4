#include "cli/failure.h"

#include <string_view>

namespace moe {

Verdict verdict_of(const std::exception& error) {
  const std::string_view text = error.what();
  const auto says = [text](std::string_view part) {
    return text.find(part) != std::string_view::npos;
  };
  const bool memory = says("not enough memory") || says("allocate memory") ||
                      says("out of memory") || says("bad_alloc");
  return {memory ? Outcome::out_of_memory : Outcome::failed,
          std::string(text.substr(0, text.find('\n')))};
}

}  // namespace moe
