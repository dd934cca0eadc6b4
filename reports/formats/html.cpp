// One page that needs nothing else: style, charts and the program that draws them are inside it.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "harness/embedded.h"
#include "reports/display.h"
#include "reports/escape.h"
#include "reports/format.h"
#include "reports/prose_html.h"
#include "reports/vega_bundle.h"

namespace moe {

extern const std::span<const EmbeddedFile> page_files;

namespace {

std::string cell_html(const std::vector<Cell>& row, const DisplayColumn& column) {
  const Shown shown = show(row, column);
  if (std::holds_alternative<std::nullptr_t>(row[column.cell])) {
    return fmt::format("<span class=\"none\">{}</span>", shown.value);
  }
  std::string html = escape_html(shown.value);
  if (!shown.unit.empty()) {
    html += (shown.unit == "×" ? "" : "\u202f") + escape_html(shown.unit);
  }
  if (!shown.interval.empty()) {
    html += fmt::format(" <span class=\"interval\">{}</span>", shown.interval);
  }
  return html;
}

/// The first column, where it is text, names its row.
std::string row_html(const std::vector<Cell>& row, const std::vector<DisplayColumn>& columns) {
  std::string html = "<tr>";
  for (const DisplayColumn& column : columns) {
    const bool names = &column == &columns.front() && !column.numeric;
    html += fmt::format("<{}{}>{}</{}>", names ? "th scope=\"row\"" : "td",
                        column.numeric ? " class=\"n\"" : "", cell_html(row, column),
                        names ? "th" : "td");
  }
  return html + "</tr>\n";
}

/// `label` is the id of the caption.
std::string table_html(const Table& table, std::string_view label) {
  const std::vector<DisplayColumn> columns = display_columns(table);
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"{0}\">"
      "<table aria-labelledby=\"{0}\">\n",
      label);
  html += "<thead><tr>";
  for (const DisplayColumn& column : columns) {
    html += fmt::format("<th scope=\"col\"{}>{}</th>", column.numeric ? " class=\"n\"" : "",
                        escape_html(heading(column)));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) html += row_html(row, columns);
  return html + "</tbody>\n</table></div>\n";
}

std::string sql_html(std::string_view summary, const std::string& sql) {
  return fmt::format("<details><summary>{}</summary><pre><code>{}</code></pre></details>\n",
                     summary, escape_html(sql));
}

struct Writer {
  const Article& article;
  std::string html;
  int tables = 0, figures = 0;

  void operator()(const Prose& prose) { html += prose_html(prose.markdown); }

  void operator()(const Exhibit& exhibit) {
    if (exhibit.table.rows.empty()) {
      html += fmt::format("<p class=\"empty\"><strong>{}.</strong> {}</p>\n",
                          inline_html(exhibit.caption), inline_html(exhibit.otherwise));
      return;
    }
    const bool drawn = exhibit.chart.has_value();
    const std::string label =
        fmt::format("{}-{}", drawn ? "figure" : "table", drawn ? ++figures : ++tables);
    html += fmt::format(
        "<figure class=\"{}\">\n<figcaption id=\"{}\"><span class=\"number\">{} "
        "{}.</span>{}</figcaption>\n",
        drawn ? "chart" : "table", label, drawn ? "Figure" : "Table", drawn ? figures : tables,
        inline_html(exhibit.caption));
    html +=
        exhibit.chart ? drawing(*exhibit.chart, exhibit.table) : table_html(exhibit.table, label);
    const std::string from = provenance(sources_of(article, exhibit));
    if (!from.empty()) html += fmt::format("<p class=\"from\">{}</p>\n", escape_html(from));
    if (drawn) {
      html += fmt::format("<details><summary>The numbers drawn</summary>{}</details>\n",
                          table_html(exhibit.table, label));
    }
    if (!exhibit.sql.empty()) html += sql_html("The query behind it", exhibit.sql);
    html += "</figure>\n";
  }

  static std::string drawing(const Chart& chart, const Table& table) {
    return fmt::format(
        "<div class=\"drawing\" role=\"img\" aria-label=\"{}\"></div>\n"
        "<script type=\"application/json\">{}</script>\n",
        escape_html(describe(chart, table)),
        escape_script(vega_lite(chart, table, ChartWidth::container)));
  }
};

std::string_view page_file(std::string_view name) {
  return std::ranges::find(page_files, name, &EmbeddedFile::name)->text;
}

std::string byline(const Article& article) {
  if (article.runs.empty()) return "No run stands behind this page yet.";
  const auto [first, last] = std::ranges::minmax(article.runs, {}, &RunSource::started_at);
  const std::string from = first.started_at.substr(0, 10);
  const std::string to = last.started_at.substr(0, 10);
  return fmt::format("{} {} · measured {}", article.runs.size(),
                     article.runs.size() == 1 ? "run" : "runs",
                     from == to ? from : from + " – " + to);
}

Written write(const Article& article) {
  Writer writer{.article = article, .html = {}};
  for (const auto& block : article.blocks) std::visit(writer, block);
  if (!article.common_sql.empty()) {
    writer.html += sql_html("What all queries have in common", article.common_sql);
  }
  const std::string title = escape_html(article.title);
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n"
      "<header>\n<p class=\"kicker\">moebench · {}</p>\n<h1>{}</h1>\n<p class=\"byline\">{}</p>\n"
      "</header>\n<main>\n{}</main>\n<footer>\n<p>{}</p>\n</footer>\n",
      title, page_file("page_style"), escape_html(article.name), title,
      escape_html(byline(article)), writer.html,
      "Made by moebench from its results store. Numbers in brackets are 95 % intervals. The page "
      "loads nothing from the network.");
  if (writer.figures > 0) {
    page += fmt::format(
        "<!-- Charts: Vega, Vega-Lite and Vega-Embed, BSD-3-Clause, "
        "University of Washington Interactive Data Lab "
        "-->\n<script>{}</script>\n<script>\n{}</script>\n",
        vega_bundle(), page_file("page_program"));
  }
  return {.text = page + "</body>\n</html>\n", .charts = {}};
}

}  // namespace

extern const Format html = {.name = "html",
                            .extension = "html",
                            .summary = "one self-contained page, charts included",
                            .write = write};

}  // namespace moe
