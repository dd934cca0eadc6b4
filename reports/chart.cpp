#include "reports/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

#include "harness/error.h"
#include "reports/display.h"

namespace moe {
namespace {

constexpr std::array kKinds = {
    std::pair{std::string_view("line"), ChartKind::line},
    std::pair{std::string_view("dot"), ChartKind::dot},
    std::pair{std::string_view("bar"), ChartKind::bar},
    std::pair{std::string_view("heat"), ChartKind::heat},
};

/// The next word, or the next key="words between quotes".
std::string take_word(std::string_view& rest) {
  std::string word;
  bool quoted = false;
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  while (!rest.empty() && (quoted || rest.front() != ' ')) {
    if (rest.front() == '"') {
      quoted = !quoted;
    } else {
      word += rest.front();
    }
    rest.remove_prefix(1);
  }
  require(!quoted, "chart: a quotation mark is not closed after '{}'", word);
  return word;
}

void check_scale(const std::string& scale) {
  require(scale.empty() || scale == "zero" || scale == "fit" || scale == "log",
          "chart: unknown scale '{}'; known are zero, fit and log", scale);
}

}  // namespace

Chart parse_chart(std::string_view words) {
  Chart chart;
  const std::string kind = take_word(words);
  const auto* const found =
      std::ranges::find(kKinds, kind, &std::pair<std::string_view, ChartKind>::first);
  require(found != kKinds.end(), "chart: unknown kind '{}'; known are line, dot, bar and heat",
          kind);
  chart.kind = found->second;
  const std::map<std::string, std::string*> options = {{"x", &chart.x},
                                                       {"y", &chart.y},
                                                       {"color", &chart.color},
                                                       {"facet", &chart.facet},
                                                       {"label", &chart.label},
                                                       {"xscale", &chart.x_scale},
                                                       {"yscale", &chart.y_scale},
                                                       {"xtitle", &chart.x_title},
                                                       {"ytitle", &chart.y_title}};
  for (std::string word; !(word = take_word(words)).empty();) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const auto option = options.find(word.substr(0, equals));
    require(
        option != options.end() && equals < word.size(),
        "chart: unknown option '{}'; expected x=, y=, color=, facet=, label=, xscale=, yscale=, "
        "xtitle= or ytitle=",
        word);
    *option->second = word.substr(equals + 1);
  }
  require(!chart.x.empty() && !chart.y.empty(), "chart: x= and y= are needed");
  require(chart.kind != ChartKind::heat || !chart.color.empty(), "chart: a heat map needs color=");
  check_scale(chart.x_scale);
  check_scale(chart.y_scale);
  return chart;
}

void check_columns(const Chart& chart, const Table& table) {
  const std::vector<DisplayColumn> columns = display_columns(table);
  std::vector<std::string> known;
  known.reserve(columns.size());
  for (const DisplayColumn& column : columns) known.push_back(column.name);
  for (const std::string* name : {&chart.x, &chart.y, &chart.color, &chart.facet, &chart.label}) {
    require(name->empty() || std::ranges::find(known, *name) != known.end(),
            "chart: no column '{}'; the query returns {}", *name, fmt::join(known, ", "));
  }
  if (chart.kind != ChartKind::heat || table.rows.empty()) return;
  require(std::ranges::find(columns, chart.color, &DisplayColumn::name)->numeric,
          "chart: column '{}' says how dark a cell is, so all of it must be numbers", chart.color);
}

std::string describe(const Chart& chart, const Table& table) {
  const auto title = [&](const std::string& name, const std::string& given) {
    if (!given.empty()) return given;
    for (const DisplayColumn& column : display_columns(table)) {
      if (column.name == name) return heading(column);
    }
    return name;
  };
  if (chart.kind == ChartKind::heat)
    return fmt::format("Heat map of {} by {} and {}; {} cells.", title(chart.color, ""),
                       title(chart.y, chart.y_title), title(chart.x, chart.x_title),
                       table.rows.size());
  std::string text = fmt::format("Chart of {} over {}", title(chart.y, chart.y_title),
                                 title(chart.x, chart.x_title));
  if (!chart.color.empty()) text += fmt::format(", by {}", chart.color);
  return fmt::format("{}; {} {}.", text, table.rows.size(),
                     table.rows.size() == 1 ? "point" : "points");
}

}  // namespace moe
