#include "reports/find_target.h"

#include <fmt/format.h>

#include <vector>

#include "harness/error.h"

namespace moe {
namespace {

/// Those a word means in its strongest sense: number after #, name, spec, number.
Table meant(const Store& store, std::string_view what) {
  return store.query(
      "SELECT id, name, spec, namesakes FROM ("
      "  SELECT *, min(sense) OVER () AS strongest FROM ("
      "    SELECT id, name, spec, count(*) OVER (PARTITION BY name) AS namesakes,"
      "           CASE :what WHEN '#' || id THEN 0 WHEN name THEN 1 WHEN spec THEN 2"
      "                      WHEN CAST(id AS TEXT) THEN 3 END AS sense FROM target)"
      "  WHERE sense IS NOT NULL) WHERE sense = strongest ORDER BY id",
      {{.name = "what", .value = std::string(what)}});
}

}  // namespace

std::optional<NamedTarget> find_target(const Store& store, std::string_view what) {
  const Table found = meant(store, what);
  if (found.rows.empty()) return std::nullopt;
  if (found.rows.size() > 1) {
    std::vector<std::string> all;
    all.reserve(found.rows.size());
    for (const auto& row : found.rows)
      all.push_back(fmt::format("#{} ({})", to_text(row[0]), to_text(row[2])));
    throw Error(fmt::format("{}: '{}' is {} targets: {}; give the number or the spec of one",
                            store.file().string(), what, all.size(), fmt::join(all, ", ")),
                std::source_location::current());
  }
  const auto& row = found.rows.front();
  const std::int64_t id = std::get<std::int64_t>(row[0]);
  const bool alone = std::get<std::int64_t>(row[3]) == 1;
  return NamedTarget{.id = id, .label = to_text(row[1]) + (alone ? "" : fmt::format(" #{}", id))};
}

std::string target_names(const Store& store) {
  std::vector<std::string> names;
  for (const auto& row : store.query("SELECT DISTINCT name FROM target ORDER BY name").rows)
    names.push_back(to_text(row[0]));
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace moe
