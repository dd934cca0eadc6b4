#include "suites/kind.h"

#include <algorithm>

#include "harness/error.h"
#include "harness/sha256.h"
#include "suites/data.h"

namespace moe {

const Kind& find_kind(std::string_view name) {
  const auto found = std::ranges::find(kinds(), name, &Kind::name);
  std::string known;
  for (const Kind* kind : kinds())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", kind->name);
  require(found != kinds().end(), "unknown kind \"{}\"; known are {}", name, known);
  return **found;
}

std::string data_digest(const Suite& suite, const Json& point,
                        const std::filesystem::path& data_root) {
  const Kind& kind = find_kind(suite.kind);
  if (kind.splits == nullptr) return "";
  if (kind.asked != nullptr) {  // results of its versions are no more compared than its own are
    const Suite asked = kind.asked(suite, point);
    const Json its_point = points(asked, {}).front();
    return sha256_hex(fmt::format("{} {} {} {}", asked.name, asked.version, its_point.dump(),
                                  data_digest(asked, its_point, data_root)));
  }
  const Dataset& dataset = dataset_of(suite);
  const std::vector<std::string> splits = kind.splits(suite, point);
  if (splits.size() == 1) return digest(dataset, splits.front(), data_root);
  std::string all;
  for (const std::string& split : splits)
    all += fmt::format("{} {}\n", split, digest(dataset, split, data_root));
  return sha256_hex(all);
}

void check_tables(const Suite& suite, const Kind& kind) {
  const auto at = [&](const std::string& key) {
    const auto line = suite.option_lines.find(key);
    return line == suite.option_lines.end()
               ? fmt::format("suite {}", suite.name)
               : fmt::format("suite {}, line {}", suite.name, line->second);
  };
  for (const auto& [name, table] : suite.options.items()) {
    const auto known = std::ranges::find(kind.tables, name, &OptionTable::name);
    require(known != kind.tables.end(),
            "{}: unknown key \"{}\"; a suite of kind {} does not read it", at(name), name,
            kind.name);
    require(table.is_object(), "{}: \"{}\": expected a table", at(name), name);
    for (const auto& [key, value] : table.items()) {
      require(known->keys.empty() || std::ranges::find(known->keys, key) != known->keys.end(),
              "{}: [{}]: unknown key \"{}\"; known are {}", at(fmt::format("{}.{}", name, key)),
              name, key, fmt::join(known->keys, ", "));
    }
  }
  for (const OptionTable& table : kind.tables)
    require(!table.required || suite.options.contains(table.name),
            "suite {}: table [{}] is missing", suite.name, table.name);
}

}  // namespace moe
