// A chart as a Vega-Lite specification.
#include <algorithm>
#include <optional>
#include <nlohmann/json.hpp>

#include "reports/chart.h"
#include "reports/display.h"
#include "reports/vega_encoding.h"

namespace moe {
namespace {

using Json = nlohmann::ordered_json;

Json data(const Table& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json object = Json::object();
    for (std::size_t at = 0; at < row.size(); ++at) object[vega_field(at)] = vega_value(row[at]);
    rows.push_back(std::move(object));
  }
  return {{"values", std::move(rows)}};
}

Json tooltip(const Table& table) {
  Json all = Json::array();
  for (const DisplayColumn& column : display_columns(table)) {
    Json one = {{"field", vega_field(column.cell)},
                {"type", column.numeric ? "quantitative" : "nominal"},
                {"title", heading(column)}};
    if (column.numeric) one["format"] = column.unit == "%" || column.unit == "pp" ? ".1%" : ".4~g";
    all.push_back(std::move(one));
  }
  return all;
}

/// Where a difference changes sides: one line, not one for every row. `measured` is the encoding of
/// the difference.
Json zero_line(Json measured, bool along_x) {
  measured["field"] = "zero";
  return {{"data", {{"values", Json::array({Json{{"zero", 0}}})}}},
          {"mark", {{"type", "rule"}, {"strokeDash", {4, 3}}, {"aria", false}}},
          {"encoding",
           {{along_x ? "x" : "y", std::move(measured)},
            {along_x ? "y" : "x", nullptr},
            {"yOffset", nullptr},
            {"color", {{"value", "#888888"}}}}}};
}

/// Bars of several colours stand beside each other, and so do dots that share a line.
bool stands_apart(const Chart& chart, const Table& table, const Channel& y) {
  if (chart.color.empty() || chart.kind == ChartKind::heat) return false;
  if (chart.kind == ChartKind::bar) return true;
  return chart.kind == ChartKind::dot && y.discrete() &&
         distinct_texts(table, column_of(table, chart.color).cell).size() > 1;
}

/// Bars or points, error bars, labels: each a layer over the shared encoding.
Json layers(const Chart& chart, const Table& table, const Channel& x, const Channel& y) {
  Json all = Json::array();
  const bool along_x = y.discrete();
  if (chart.kind == ChartKind::heat)
    return {{{"mark", {{"type", "rect"}}}, {"encoding", {{"tooltip", tooltip(table)}}}}};
  const DisplayColumn& measured = along_x ? x.column : y.column;
  if (chart.kind == ChartKind::bar) {
    all.push_back({{"mark", {{"type", "bar"}, {"cornerRadiusEnd", 2}}},
                   {"encoding", {{"tooltip", tooltip(table)}}}});
  }
  if (measured.unit == "pp") {
    all.push_back(zero_line(
        encode_channel(along_x ? x : y, table, chart.kind == ChartKind::bar, along_x), along_x));
  }
  if (chart.kind == ChartKind::line)
    all.push_back({{"mark", {{"type", "line"}, {"strokeWidth", 2}}}});
  if (measured.low && measured.high) {
    const Json low = {
        {"field", vega_field(*measured.low)}, {"type", "quantitative"}, {"title", ""}};
    const Json high = {{"field", vega_field(*measured.high)}};
    Json mark = {{"type", "rule"}, {"strokeWidth", 1.5}, {"aria", false}};
    Json encoding = along_x ? Json{{"x", low}, {"x2", high}} : Json{{"y", low}, {"y2", high}};
    const char* shared = along_x ? "x" : "y";
    encoding[shared] =
        encode_channel(along_x ? x : y, table, chart.kind == ChartKind::bar, along_x);
    encoding[shared]["field"] = vega_field(*measured.low);
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
          {{"text", {{"field", vega_field(column_of(table, chart.label).cell)}}},
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
          {"mark", {{"color", kFirstColour}}},
          {"rule", {{"color", kFirstColour}}},
          {"axis", std::move(axis)},
          {"legend", quiet},
          {"header", {{"title", nullptr}, {"labelColor", "#444444"}, {"labelFontSize", 12}}}};
}

}  // namespace

std::string vega_lite(const Chart& chart, const Table& table, ChartWidth width) {
  const Channel x{column_of(table, chart.x), chart.x_scale, chart.x_title};
  const Channel y{column_of(table, chart.y), chart.y_scale, chart.y_title};
  const bool bar = chart.kind == ChartKind::bar;
  const bool heat = chart.kind == ChartKind::heat;
  Json encoding = {
      {"x", heat ? encode_place(x, table, true) : encode_channel(x, table, bar, true)},
      {"y", heat ? encode_place(y, table, false) : encode_channel(y, table, bar, false)}};
  if (heat) {
    encoding["color"] = encode_shade(table, chart.color);
  } else if (!chart.color.empty()) {
    encoding["color"] = encode_colour(table, chart.color);
    if (stands_apart(chart, table, y)) {
      encoding[y.discrete() ? "yOffset" : "xOffset"] = {
          {"field", vega_field(column_of(table, chart.color).cell)}, {"sort", nullptr}};
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
    plot["height"] = heat ? Json{{"step", 17}} : Json(200);
    if (heat) spec["resolve"] = {{"scale", {{"x", "independent"}}}};
    const std::size_t cell = column_of(table, chart.facet).cell;
    spec["facet"] = {
        {"field", vega_field(cell)}, {"type", "nominal"}, {"sort", distinct_texts(table, cell)}};
    spec["columns"] = fixed ? 2 : 3;
    spec["spec"] = std::move(plot);
  } else {
    spec["width"] = fixed ? Json(640) : Json("container");
    if (y.discrete() || heat) {
      const bool many = table.rows.size() > 20;
      spec["height"] = {{"step", stands_apart(chart, table, y) ? 14 : (many ? 17 : 24)}};
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
