// A chart as a Vega-Lite specification. Columns are renamed to c0, c1, … so that no name from a
// query can be taken for a path or an expression.
#include <algorithm>
#include <optional>
#include <nlohmann/json.hpp>

#include "reports/chart.h"
#include "reports/display.h"

namespace moe {
namespace {

using Json = nlohmann::ordered_json;

// Seen apart by colour-blind readers, and against white and near-black alike.
const std::vector<std::string> kPalette = {"#d9730d", "#2f80c9", "#3c9a6b",
                                           "#a65fb5", "#b58a00", "#c2476b"};

/// One channel of the chart and what the drawing must know of it.
struct Channel {
  DisplayColumn column;
  std::string scale, title;
  bool discrete() const { return !column.numeric; }
};

std::string field(std::size_t cell) {
  return "c" + std::to_string(cell);
}

Json cell_json(const Cell& cell) {
  return std::visit([](const auto& value) { return Json(value); }, cell);
}

Json data(const Table& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json object = Json::object();
    for (std::size_t at = 0; at < row.size(); ++at) object[field(at)] = cell_json(row[at]);
    rows.push_back(std::move(object));
  }
  return {{"values", std::move(rows)}};
}

DisplayColumn column_of(const Table& table, const std::string& name) {
  const std::vector<DisplayColumn> columns = display_columns(table);
  return *std::ranges::find(columns, name, &DisplayColumn::name);
}

bool all_whole(const Table& table, std::size_t cell) {
  return std::ranges::all_of(
      table.rows, [&](const auto& row) { return std::holds_alternative<std::int64_t>(row[cell]); });
}

/// Log axes are marked where there are points: 1, 2, 4, 8 rather than 1, 10.
Json distinct_values(const Table& table, std::size_t cell) {
  std::vector<double> values;
  for (const auto& row : table.rows) {
    if (const auto* whole = std::get_if<std::int64_t>(&row[cell]))
      values.push_back(static_cast<double>(*whole));
    if (const auto* real = std::get_if<double>(&row[cell])) values.push_back(*real);
  }
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  return values;
}

Json encode(const Channel& channel, const Table& table, bool bar, bool is_x) {
  Json encoded = {{"field", field(channel.column.cell)},
                  {"type", channel.discrete() ? "nominal" : "quantitative"},
                  {"title", channel.title.empty() ? heading(channel.column) : channel.title}};
  Json axis = Json::object();
  if (channel.discrete()) {
    encoded["sort"] = nullptr;
    encoded["title"] = nullptr;
    axis["labelLimit"] = 240;
    if (is_x) axis["labelAngle"] = 0;
  } else {
    const bool zero = channel.scale == "zero" || (channel.scale.empty() && bar);
    // Room at the ends, so that a point and its label are not cut.
    encoded["scale"] = {{"zero", zero}, {"nice", true}};
    if (channel.scale == "fit") encoded["scale"] = {{"zero", false}, {"padding", 28}};
    const std::string& unit = channel.column.unit;
    axis["format"] = unit == "%" ? ".0%" : "~s";
    if (unit == "pp") axis["labelExpr"] = "format(datum.value * 100, '+.3~g')";
    if (channel.scale == "log") {
      encoded["scale"] = {{"type", "log"}, {"base", 2}, {"nice", false}};
      if (is_x) axis["values"] = distinct_values(table, channel.column.cell);
    } else {
      axis["tickCount"] = 5;
      if (all_whole(table, channel.column.cell)) axis["tickMinStep"] = 1;
    }
    axis["grid"] = !is_x || bar;
    if (unit == "%") encoded["title"] = channel.title.empty() ? channel.column.name : channel.title;
  }
  encoded["axis"] = std::move(axis);
  return encoded;
}

/// The texts of a column in the order of the rows: Vega-Lite would sort them.
Json distinct_texts(const Table& table, std::size_t cell) {
  Json texts = Json::array();
  for (const auto& row : table.rows) {
    const Json text = cell_json(row[cell]);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
  }
  return texts;
}

Json colour(const Table& table, const std::string& name) {
  const DisplayColumn column = column_of(table, name);
  const Json legend = {
      {"orient", "top"}, {"symbolType", "circle"}, {"labelLimit", 260}, {"columns", 2}};
  const bool several = distinct_texts(table, column.cell).size() > 1;
  return {{"field", field(column.cell)},
          {"type", "nominal"},
          {"sort", nullptr},
          {"title", nullptr},
          {"scale", {{"range", kPalette}}},
          {"legend", several ? legend : Json(nullptr)}};
}

Json tooltip(const Table& table) {
  Json all = Json::array();
  for (const DisplayColumn& column : display_columns(table)) {
    Json one = {{"field", field(column.cell)},
                {"type", column.numeric ? "quantitative" : "nominal"},
                {"title", heading(column)}};
    if (column.numeric) one["format"] = column.unit == "%" || column.unit == "pp" ? ".1%" : ".4~g";
    all.push_back(std::move(one));
  }
  return all;
}

/// Bars or points, error bars, labels: each a layer over the shared encoding.
Json layers(const Chart& chart, const Table& table, const Channel& x, const Channel& y) {
  Json all = Json::array();
  const bool along_x = y.discrete();
  const DisplayColumn& measured = along_x ? x.column : y.column;
  if (chart.kind == ChartKind::bar) {
    all.push_back({{"mark", {{"type", "bar"}, {"cornerRadiusEnd", 2}}},
                   {"encoding", {{"tooltip", tooltip(table)}}}});
  }
  if (chart.kind == ChartKind::line)
    all.push_back({{"mark", {{"type", "line"}, {"strokeWidth", 2}}}});
  if (measured.low && measured.high) {
    const Json low = {{"field", field(*measured.low)}, {"type", "quantitative"}, {"title", ""}};
    const Json high = {{"field", field(*measured.high)}};
    Json mark = {{"type", "rule"}, {"strokeWidth", 1.5}, {"aria", false}};
    Json encoding = along_x ? Json{{"x", low}, {"x2", high}} : Json{{"y", low}, {"y2", high}};
    const char* shared = along_x ? "x" : "y";
    encoding[shared] = encode(along_x ? x : y, table, chart.kind == ChartKind::bar, along_x);
    encoding[shared]["field"] = field(*measured.low);
    if (chart.kind == ChartKind::bar) {
      mark["color"] = "#888888";
      encoding["color"] = {{"value", "#888888"}};
    }
    all.push_back({{"mark", std::move(mark)}, {"encoding", std::move(encoding)}});
  }
  if (chart.kind != ChartKind::bar) {
    all.push_back({{"mark", {{"type", "point"}, {"filled", true}, {"size", 60}, {"opacity", 1}}},
                   {"encoding", {{"tooltip", tooltip(table)}}}});
  }
  if (!chart.label.empty()) {
    all.push_back(
        {{"mark", {{"type", "text"}, {"align", "left"}, {"dx", 9}, {"dy", -7}, {"fontSize", 11}}},
         {"encoding",
          {{"text", {{"field", field(column_of(table, chart.label).cell)}}},
           {"color", {{"value", "#777777"}}}}}});
  }
  return all;
}

Json look() {
  const Json quiet = {{"labelColor", "#666666"},
                      {"titleColor", "#444444"},
                      {"labelFontSize", 11},
                      {"titleFontSize", 12},
                      {"titleFontWeight", "normal"}};
  Json axis = quiet;
  axis.update({{"domainColor", "#999999"},
               {"tickColor", "#999999"},
               {"gridColor", "#999999"},
               {"gridOpacity", 0.25},
               {"labelPadding", 4},
               {"titlePadding", 8}});
  return {{"font", "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"},
          {"view", {{"stroke", nullptr}}},
          {"mark", {{"color", kPalette.front()}}},
          {"rule", {{"color", kPalette.front()}}},
          {"axis", std::move(axis)},
          {"legend", quiet},
          {"header", {{"title", nullptr}, {"labelColor", "#444444"}, {"labelFontSize", 12}}}};
}

}  // namespace

std::string vega_lite(const Chart& chart, const Table& table, ChartWidth width) {
  const Channel x{column_of(table, chart.x), chart.x_scale, chart.x_title};
  const Channel y{column_of(table, chart.y), chart.y_scale, chart.y_title};
  const bool bar = chart.kind == ChartKind::bar;
  Json encoding = {{"x", encode(x, table, bar, true)}, {"y", encode(y, table, bar, false)}};
  if (!chart.color.empty()) {
    encoding["color"] = colour(table, chart.color);
    if (bar) {
      encoding[y.discrete() ? "yOffset" : "xOffset"] = {
          {"field", field(column_of(table, chart.color).cell)}, {"sort", nullptr}};
    }
  }
  Json spec = {{"$schema", "https://vega.github.io/schema/vega-lite/v5.json"},
               {"description", describe(chart, table)},
               {"data", data(table)},
               {"config", look()}};
  Json plot = {{"encoding", std::move(encoding)}, {"layer", layers(chart, table, x, y)}};
  const bool fixed = width == ChartWidth::fixed;
  if (!chart.facet.empty()) {
    plot["width"] = fixed ? 300 : 260;
    plot["height"] = 200;
    const std::size_t cell = column_of(table, chart.facet).cell;
    spec["facet"] = {
        {"field", field(cell)}, {"type", "nominal"}, {"sort", distinct_texts(table, cell)}};
    spec["columns"] = fixed ? 2 : 3;
    spec["spec"] = std::move(plot);
  } else {
    spec["width"] = fixed ? Json(640) : Json("container");
    if (y.discrete()) {
      spec["height"] = {{"step", bar && !chart.color.empty() ? 14 : 24}};
    } else {
      spec["height"] = 260;
    }
    spec.update(plot);
    spec["autosize"] = {{"type", "fit-x"}, {"contains", "padding"}};
  }
  spec["background"] = fixed ? "white" : "transparent";
  return spec.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace moe
