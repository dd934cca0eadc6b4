// The tables of a report, numbers as they are stored: a caption line that begins with #, the
// columns, the rows (RFC 4180), an empty line between tables.
#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/format.h"

namespace moe {
namespace {

std::string number_or_text(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
  return escape_csv(to_text(cell));
}

Written write(const Article& article) {
  Written written;
  for (const auto& block : article.blocks) {
    const auto* exhibit = std::get_if<Exhibit>(&block);
    if (exhibit == nullptr || exhibit->table.rows.empty()) continue;
    if (!written.text.empty()) written.text += "\n";
    written.text += fmt::format("# {}\n", unescape_markdown(exhibit->caption));
    std::vector<std::string> names;
    names.reserve(exhibit->table.columns.size());
    for (const std::string& column : exhibit->table.columns) names.push_back(escape_csv(column));
    written.text += fmt::format("{}\n", fmt::join(names, ","));
    for (const auto& row : exhibit->table.rows) {
      std::vector<std::string> cells;
      cells.reserve(row.size());
      for (const Cell& cell : row) cells.push_back(number_or_text(cell));
      written.text += fmt::format("{}\n", fmt::join(cells, ","));
    }
  }
  return written;
}

}  // namespace

extern const Format csv = {
    .name = "csv", .extension = "csv", .summary = "the tables, with exact numbers", .write = write};

}  // namespace moe
