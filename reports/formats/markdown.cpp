// GitHub's Markdown, also what a terminal shows. Charts are pictures beside the file.
#include <fmt/format.h>

#include "reports/display.h"
#include "reports/escape.h"
#include "reports/format.h"

namespace moe {
namespace {

std::string cell_text(const std::vector<Cell>& row, const DisplayColumn& column) {
  const Shown shown = show(row, column);
  if (!column.numeric) return escape_markdown(shown.value);
  std::string text = shown.value;
  if (!shown.unit.empty()) text += (shown.unit == "×" ? "" : " ") + shown.unit;
  if (!shown.interval.empty()) text += " " + shown.interval;
  return text;
}

std::string write_table(const Table& table) {
  const std::vector<DisplayColumn> columns = display_columns(table);
  std::string head = "|";
  std::string rule = "|";
  for (const DisplayColumn& column : columns) {
    head += fmt::format(" {} |", escape_markdown(heading(column)));
    rule += column.numeric ? "---:|" : "---|";
  }
  std::string text = fmt::format("{}\n{}\n", head, rule);
  for (const auto& row : table.rows) {
    text += "|";
    for (const DisplayColumn& column : columns)
      text += fmt::format(" {} |", cell_text(row, column));
    text += "\n";
  }
  return text;
}

/// The numbers of tables and figures, and the charts met on the way.
struct Writer {
  const Article& article;
  Written written;
  int tables = 0, figures = 0;

  void operator()(const Prose& prose) { written.text += prose.markdown; }

  void operator()(const Exhibit& exhibit) {
    std::string& text = written.text;
    if (!text.ends_with("\n\n")) text += "\n";
    if (exhibit.table.rows.empty()) {
      text += fmt::format("**{}.** {}\n", exhibit.caption, exhibit.otherwise);
      return;
    }
    if (exhibit.chart) {
      const std::string file = fmt::format("{}-{}.svg", article.name, ++figures);
      text += fmt::format("**Figure {}.** {}\n\n![{}]({})\n", figures, exhibit.caption,
                          escape_markdown(describe(*exhibit.chart, exhibit.table)), file);
      written.charts.push_back(
          {.name = file, .vega_lite = vega_lite(*exhibit.chart, exhibit.table, ChartWidth::fixed)});
    } else {
      text += fmt::format("**Table {}.** {}\n\n{}", ++tables, exhibit.caption,
                          write_table(exhibit.table));
    }
    const std::string from = provenance(sources_of(article, exhibit));
    if (!from.empty()) text += fmt::format("\n*{}*\n", escape_markdown(from));
  }
};

Written write(const Article& article) {
  Writer writer{.article = article, .written = {}};
  writer.written.text = fmt::format("# {}\n", escape_markdown(article.title));
  for (const auto& block : article.blocks) std::visit(writer, block);
  return std::move(writer.written);
}

}  // namespace

extern const Format markdown = {.name = "md",
                                .extension = "md",
                                .summary = "GitHub Markdown; charts as SVG files beside it",
                                .write = write};

}  // namespace moe
