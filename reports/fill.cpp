#include "reports/fill.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/error.h"
#include "reports/display.h"
#include "reports/escape.h"

namespace moe {
namespace {

std::string join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string fill_row(std::string_view text, const std::vector<DisplayColumn>& columns,
                     const std::vector<Cell>& row) {
  std::string out;
  for (std::size_t open = 0; (open = text.find('{')) != std::string_view::npos;) {
    const std::size_t close = text.find('}', open);
    require(close != std::string_view::npos, "unclosed {{ in: {}", text);
    const std::string_view name = text.substr(open + 1, close - open - 1);
    const auto found = std::ranges::find(columns, name, &DisplayColumn::name);
    std::vector<std::string> known;
    known.reserve(columns.size());
    for (const DisplayColumn& column : columns) known.push_back(column.name);
    require(found != columns.end(), "unknown column {{{}}}; the query returns {}", name,
            join(known));
    const std::string shown = show_in_text(row, *found);
    out.append(text.substr(0, open)).append(found->numeric ? shown : escape_markdown(shown));
    text.remove_prefix(close + 1);
  }
  return out.append(text);
}

}  // namespace

std::string fill_in(std::string_view text,
                    const std::function<std::string(std::string_view)>& value) {
  std::string out;
  for (std::size_t open = 0; (open = text.find("{{")) != std::string_view::npos;) {
    const std::size_t close = text.find("}}", open);
    require(close != std::string_view::npos, "unclosed {{{{ in: {}", text.substr(open, 40));
    out.append(text.substr(0, open)).append(value(text.substr(open + 2, close - open - 2)));
    text.remove_prefix(close + 2);
  }
  return out.append(text);
}

std::string say(std::string_view text, const Exhibit& exhibit) {
  const bool list = text.starts_with("- ");
  if (exhibit.table.rows.empty()) return exhibit.otherwise.empty() ? "" : exhibit.otherwise + "\n";
  const std::vector<DisplayColumn> columns = display_columns(exhibit.table);
  std::string out;
  for (const auto& row : exhibit.table.rows) {
    if (!out.empty()) out += list ? "\n" : " ";
    out += fill_row(text, columns, row);
  }
  return out + "\n";
}

std::string parameter_names(const Report& report) {
  std::vector<std::string> names;
  names.reserve(report.parameters.size());
  for (const ReportParameter& parameter : report.parameters) names.push_back(parameter.name);
  return names.empty() ? "none" : join(names);
}

void check_known(const ReportParameter& wanted, const Parameter& given, const Table& known) {
  const std::string value = to_text(given.value);
  std::vector<std::string> names;
  for (const auto& row : known.rows) {
    if (to_text(row.front()) == value) return;
    names.push_back(to_text(row.front()));
  }
  constexpr std::size_t kMost = 20;
  if (names.size() > kMost) {
    names.resize(kMost);
    names.emplace_back("…");
  }
  throw Error(fmt::format("{} '{}' is not in the store ({}); it has: {}", wanted.name, value,
                          wanted.meaning, names.empty() ? "nothing yet" : join(names)),
              std::source_location::current());
}

}  // namespace moe
