#include "suites/kind.h"

#include <algorithm>

#include "harness/error.h"

namespace moe {

const Kind& find_kind(std::string_view name) {
  const auto found = std::ranges::find(kinds(), name, &Kind::name);
  std::string known;
  for (const Kind* kind : kinds())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", kind->name);
  require(found != kinds().end(), "unknown kind \"{}\"; known are {}", name, known);
  return **found;
}

void check_tables(const Suite& suite, const Kind& kind) {
  for (const auto& [name, table] : suite.options.items()) {
    const auto known = std::ranges::find(kind.tables, name, &OptionTable::name);
    require(known != kind.tables.end(), "unknown key \"{}\"; a suite of kind {} does not read it",
            name, kind.name);
    require(table.is_object(), "\"{}\": expected a table", name);
    for (const auto& [key, value] : table.items()) {
      require(known->keys.empty() || std::ranges::find(known->keys, key) != known->keys.end(),
              "[{}]: unknown key \"{}\"; known are {}", name, key, fmt::join(known->keys, ", "));
    }
  }
  for (const OptionTable& table : kind.tables)
    require(!table.required || suite.options.contains(table.name), "table [{}] is missing",
            table.name);
}

}  // namespace moe
