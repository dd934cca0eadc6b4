#include "reports/scope_tasks.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include "harness/error.h"

namespace moe {
namespace {

std::vector<std::string> members(const toml::table& suite, const std::string& task,
                                 std::string_view scope) {
  std::vector<std::string> tasks;
  const toml::table* groups = suite["groups"].as_table();
  if (groups == nullptr || !scope.starts_with(task + "_")) return tasks;
  const toml::array* subsets = (*groups)[scope.substr(task.size() + 1)].as_array();
  if (subsets == nullptr) return tasks;
  for (const toml::node& subset : *subsets)
    tasks.push_back(fmt::format("{}_{}", task, subset.value_or(std::string())));
  return tasks;
}

}  // namespace

std::vector<std::string> tasks_of_scope(const Store& store, std::int64_t case_run,
                                        std::string_view scope) {
  if (scope.empty()) return {};
  const Table found = store.query(
      "SELECT s.name, s.toml FROM case_run cr JOIN suite s ON s.id = cr.suite WHERE cr.id = :id",
      {{.name = "id", .value = case_run}});
  require(!found.rows.empty(), "{}: no case_run {}", store.file().string(), case_run);
  const std::string name = to_text(found.rows[0][0]);
  try {
    const toml::table suite = toml::parse(to_text(found.rows[0][1]));
    std::vector<std::string> tasks = members(suite, suite["task"].value_or(name), scope);
    if (!tasks.empty()) return tasks;
  } catch (const toml::parse_error& error) {
    throw Error(
        fmt::format("{}: the text of suite {} as it was run: line {}: {}", store.file().string(),
                    name, error.source().begin.line, error.description()),
        std::source_location::current());
  }
  return {std::string(scope)};
}

}  // namespace moe
