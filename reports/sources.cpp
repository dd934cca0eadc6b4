#include "reports/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "harness/error.h"

namespace moe {
namespace {

bool names_runs(const std::string& column) {
  return column == "run" || column.ends_with("_run");
}

void add_runs(const Cell& cell, std::set<std::int64_t>& runs) {
  const std::string text = to_text(cell);
  for (const char* at = text.data(); at < text.data() + text.size();) {
    std::int64_t run = 0;
    const auto [end, error] = std::from_chars(at, text.data() + text.size(), run);
    require(error == std::errc{}, "a column named run holds '{}', not the number of a run", text);
    runs.insert(run);
    at = end + 1;
  }
}

std::int64_t whole(const Cell& cell) {
  const auto* number = std::get_if<std::int64_t>(&cell);
  return number == nullptr ? 0 : *number;
}

std::string machine(const RunSource& run) {
  std::string text = run.cpu.empty() ? run.host : run.cpu;
  text += fmt::format(", {} {}", run.cores, run.cores == 1 ? "core" : "cores");
  if (!run.gpu.empty()) text += ", " + run.gpu;
  return text;
}

}  // namespace

std::vector<std::int64_t> take_runs(Table& table) {
  std::set<std::int64_t> runs;
  for (std::size_t at = table.columns.size(); at-- > 0;) {
    if (!names_runs(table.columns[at])) continue;
    const auto offset = static_cast<std::ptrdiff_t>(at);
    table.columns.erase(table.columns.begin() + offset);
    for (auto& row : table.rows) {
      add_runs(row[at], runs);
      row.erase(row.begin() + offset);
    }
  }
  return {runs.begin(), runs.end()};
}

std::vector<RunSource> read_sources(const Store& store, const std::vector<std::int64_t>& runs) {
  const Table table = store.query(
      "SELECT r.id, r.started_at, e.host, e.cpu, e.gpu, r.build, e.cores, r.question_limit "
      "FROM run r JOIN environment e ON e.id = r.environment "
      "WHERE r.id IN (SELECT value FROM json_each(:runs)) ORDER BY r.id",
      {{.name = "runs", .value = fmt::format("[{}]", fmt::join(runs, ","))}});
  std::vector<RunSource> sources;
  sources.reserve(table.rows.size());
  for (const auto& row : table.rows) {
    sources.push_back({.id = whole(row[0]),
                       .started_at = to_text(row[1]),
                       .host = to_text(row[2]),
                       .cpu = to_text(row[3]),
                       .gpu = to_text(row[4]),
                       .build = to_text(row[5]),
                       .cores = whole(row[6]),
                       .question_limit = whole(row[7])});
  }
  return sources;
}

std::string provenance(const std::vector<RunSource>& runs) {
  // Runs of one machine and build share a line: usually all of them.
  std::map<std::string, std::vector<const RunSource*>> alike;
  for (const RunSource& run : runs) {
    alike[fmt::format("{} · {}", machine(run), run.build)].push_back(&run);
  }
  std::string text;
  for (const auto& [where, members] : alike) {
    std::vector<std::string> numbers;
    for (const RunSource* run : members) numbers.push_back(std::to_string(run->id));
    if (!text.empty()) text += "; ";
    const std::string first = members.front()->started_at.substr(0, 10);
    const std::string last = members.back()->started_at.substr(0, 10);
    text += fmt::format("{} {} · {} · {}", members.size() == 1 ? "Run" : "Runs",
                        fmt::join(numbers, ", "),
                        first == last ? first : fmt::format("{} – {}", first, last), where);
  }
  return text;
}

std::vector<RunSource> sources_of(const Article& article, const Exhibit& exhibit) {
  std::vector<RunSource> sources;
  for (const RunSource& run : article.runs) {
    if (std::ranges::find(exhibit.runs, run.id) != exhibit.runs.end()) sources.push_back(run);
  }
  return sources;
}

}  // namespace moe
