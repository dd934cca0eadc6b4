// A heat map where there is text only.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "reports/chart.h"
#include "reports/display.h"

namespace moe {
namespace {

constexpr std::array<std::string_view, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

const DisplayColumn& find(const std::vector<DisplayColumn>& columns, const std::string& name) {
  return *std::ranges::find(columns, name, &DisplayColumn::name);
}

double number(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  const auto* real = std::get_if<double>(&cell);
  return real == nullptr ? std::nan("") : *real;
}

std::string_view block(double value, double darkest) {
  if (std::isnan(value)) return " ";
  if (value <= 0 || darkest <= 0) return "·";
  const double level = std::ceil(value / darkest * static_cast<double>(kBlocks.size()));
  return kBlocks.at(static_cast<std::size_t>(std::clamp(level, 1.0, 8.0)) - 1);
}

/// What stands in the cells of one column, in the order it comes.
std::size_t place_of(std::vector<std::string>& seen, const std::string& text) {
  const auto found = std::ranges::find(seen, text);
  if (found != seen.end()) return static_cast<std::size_t>(found - seen.begin());
  seen.push_back(text);
  return seen.size() - 1;
}

}  // namespace

Table in_text(const Chart& chart, const Table& table) {
  if (chart.kind != ChartKind::heat) return table;
  const std::vector<DisplayColumn> columns = display_columns(table);
  const std::size_t x = find(columns, chart.x).cell, y = find(columns, chart.y).cell,
                    shade = find(columns, chart.color).cell;
  const std::size_t facet = chart.facet.empty() ? y : find(columns, chart.facet).cell;
  double darkest = 0;
  for (const auto& row : table.rows) darkest = std::max(darkest, number(row[shade]));
  std::map<std::string, std::vector<std::string>> places;  // along x, of each facet
  std::vector<std::pair<std::string, std::string>> order;  // facet and row, as they come
  std::map<std::pair<std::string, std::string>, std::vector<std::string_view>> lines;
  for (const auto& row : table.rows) {
    const std::pair key(chart.facet.empty() ? "" : to_text(row[facet]), to_text(row[y]));
    if (!lines.contains(key)) order.push_back(key);
    const std::size_t place = place_of(places[key.first], to_text(row[x]));
    auto& line = lines[key];
    line.resize(std::max(line.size(), place + 1), " ");
    line[place] = block(number(row[shade]), darkest);
  }
  Table out{.columns = {chart.y, chart.x}, .rows = {}};
  if (!chart.facet.empty()) out.columns.insert(out.columns.begin(), chart.facet);
  for (const auto& key : order) {
    std::string text;
    for (const std::string_view cell : lines[key]) text += cell;
    out.rows.push_back({key.second, text});
    if (!chart.facet.empty()) out.rows.back().insert(out.rows.back().begin(), key.first);
  }
  return out;
}

}  // namespace moe
