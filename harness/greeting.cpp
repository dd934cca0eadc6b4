#include "harness/greeting.h"

#include "harness/error.h"

namespace moe {

void check_greeting(const Event& first) {
  const Hello* hello = std::get_if<Hello>(&first);
  require(hello != nullptr, "the worker's first line is no hello: {}",
          to_line(first).substr(0, 120));
  require(hello->protocol == kProtocolVersion, "the worker speaks protocol {}, this program {}",
          hello->protocol, kProtocolVersion);
}

}  // namespace moe
