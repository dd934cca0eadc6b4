// GitHub's Markdown, also what a terminal shows. Charts are pictures beside the file.
#include <fmt/format.h>

#include <algorithm>

#include "reports/display.h"
#include "reports/escape.h"
#include "reports/format.h"

namespace moe {
namespace {

/// A file's name as the address of a link.
std::string as_link(std::string_view file) {
  std::string out;
  for (const char c : file) {
    const bool special = std::string_view(" ()<>\\%").find(c) != std::string_view::npos;
    out += special ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return out;
}

std::string cell_text(const std::vector<Cell>& row, const DisplayColumn& column) {
  const Shown shown = show(row, column);
  if (!column.numeric) return escape_markdown(shown.value);
  std::string text = shown.value;
  if (!shown.unit.empty()) text += (shown.unit == "×" ? "" : " ") + shown.unit;
  if (!shown.interval.empty()) text += " " + shown.interval;
  return text;
}

/// Signs on a terminal: code points, since what reports write is no wider.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

/// Columns are as wide as what stands in them, so that the text is a table too; a column wider than
/// kWidest is left ragged.
std::string write_table(const Table& table) {
  constexpr std::size_t kWidest = 60, kNarrowest = 4;
  const std::vector<DisplayColumn> columns = display_columns(table);
  std::vector<std::vector<std::string>> lines(table.rows.size() + 1);
  for (const DisplayColumn& column : columns) lines[0].push_back(escape_markdown(heading(column)));
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    for (const DisplayColumn& column : columns)
      lines[r + 1].push_back(cell_text(table.rows[r], column));
  }
  std::vector<std::size_t> widths(columns.size(), kNarrowest);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c)
      widths[c] = std::max(widths[c], width_of(line[c]));
  }
  std::string text;
  for (std::size_t l = 0; l < lines.size(); ++l) {
    text += "|";
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::size_t width = widths[c] > kWidest ? 0 : widths[c];
      text += fmt::format(" {} |", padded(lines[l][c], width, columns[c].numeric));
    }
    text += "\n";
    if (l > 0) continue;
    text += "|";
    for (std::size_t c = 0; c < columns.size(); ++c)
      text +=
          std::string(std::min(widths[c], kWidest) + 1, '-') + (columns[c].numeric ? ":|" : "-|");
    text += "\n";
  }
  return text;
}

/// The numbers of tables and figures, and the charts met on the way.
struct Writer {
  const Article& article;
  Written written;
  int tables = 0, figures = 0;

  /// One empty line between what stands before and `text`, however many each brings.
  void append_apart(std::string_view text) {
    const std::size_t begins = std::min(text.find_first_not_of('\n'), text.size());
    while (written.text.ends_with('\n')) written.text.pop_back();
    written.text += "\n\n";
    written.text += text.substr(begins);
  }

  void operator()(const Prose& prose) {
    if (prose.markdown.find_first_not_of('\n') != std::string::npos) append_apart(prose.markdown);
  }

  void operator()(const Exhibit& exhibit) {
    std::string& text = written.text;
    append_apart("");
    if (exhibit.table.rows.empty()) {
      text += fmt::format("**{}.** {}\n", exhibit.caption, exhibit.otherwise);
      return;
    }
    if (exhibit.chart) {
      const std::string file = fmt::format("{}-{}.svg", article.files, ++figures);
      text += fmt::format("**Figure {}.** {}\n\n![{}]({})\n", figures, exhibit.caption,
                          escape_markdown(describe(*exhibit.chart, exhibit.table)), as_link(file));
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
