#include "reports/format.h"

#include "harness/error.h"

namespace moe {

const Format& find_format(std::string_view name) {
  std::string known;
  for (const Format* format : formats()) {
    if (format->name == name || format->extension == name) return *format;
    known.append(known.empty() ? "" : ", ").append(format->name);
  }
  throw Error(fmt::format("no report format '{}'; there are {}", name, known),
              std::source_location::current());
}

}  // namespace moe
