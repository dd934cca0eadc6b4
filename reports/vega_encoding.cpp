#include "reports/vega_encoding.h"

#include <algorithm>
#include <array>
#include <vector>
#include <nlohmann/json.hpp>

namespace moe {
namespace {

using Json = nlohmann::ordered_json;

// Seen apart by colour-blind readers, and against white and near-black alike.
constexpr std::array kPalette = {kFirstColour, "#2f80c9", "#3c9a6b",
                                 "#a65fb5",    "#b58a00", "#c2476b"};

bool all_whole(const Table& table, std::size_t cell) {
  return std::ranges::all_of(
      table.rows, [&](const auto& row) { return std::holds_alternative<std::int64_t>(row[cell]); });
}

/// Log axes are marked where there are points: 1, 2, 4, 8 rather than 1, 10.
Json distinct_values(const Table& table, std::size_t cell) {
  std::vector<double> values;
  for (const auto& row : table.rows) {
    if (const auto* whole = std::get_if<std::int64_t>(&row[cell])) {
      values.push_back(static_cast<double>(*whole));
    }
    if (const auto* real = std::get_if<double>(&row[cell])) values.push_back(*real);
  }
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
  return values;
}

Json scale_of(const Channel& channel, bool bar) {
  if (channel.scale == "log") return {{"type", "log"}, {"base", 2}, {"nice", false}};
  // Room at the ends, so that a point and its label are not cut.
  if (channel.scale == "fit") return {{"zero", false}, {"padding", 28}};
  return {{"zero", channel.scale == "zero" || (channel.scale.empty() && bar)}, {"nice", true}};
}

Json axis_of(const Channel& channel, const Table& table, bool bar, bool is_x) {
  const std::string& unit = channel.column.unit;
  Json axis = {{"format", unit == "%" ? ".0%" : "~s"}, {"grid", !is_x || bar}};
  if (unit == "pp") axis["labelExpr"] = "format(datum.value * 100, '+.3~g')";
  if (channel.scale == "log") {
    if (is_x) axis["values"] = distinct_values(table, channel.column.cell);
  } else {
    axis["tickCount"] = 5;
    if (all_whole(table, channel.column.cell)) axis["tickMinStep"] = 1;
  }
  return axis;
}

Json encode_discrete(const Channel& channel, bool is_x) {
  Json axis = {{"labelLimit", 240}};
  if (is_x) axis["labelAngle"] = 0;
  return {{"field", vega_field(channel.column.cell)},
          {"type", "nominal"},
          {"title", nullptr},
          {"sort", nullptr},
          {"axis", std::move(axis)}};
}

}  // namespace

std::string vega_field(std::size_t cell) {
  return "c" + std::to_string(cell);
}

nlohmann::ordered_json vega_value(const Cell& cell) {
  return std::visit([](const auto& value) { return Json(value); }, cell);
}

DisplayColumn column_of(const Table& table, const std::string& name) {
  const std::vector<DisplayColumn> columns = display_columns(table);
  return *std::ranges::find(columns, name, &DisplayColumn::name);
}

nlohmann::ordered_json distinct_texts(const Table& table, std::size_t cell) {
  Json texts = Json::array();
  for (const auto& row : table.rows) {
    const Json text = vega_value(row[cell]);
    if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
  }
  return texts;
}

nlohmann::ordered_json encode_channel(const Channel& channel, const Table& table, bool bar,
                                      bool is_x) {
  if (channel.discrete()) return encode_discrete(channel, is_x);
  // An axis in percent says so at its numbers.
  const bool percent = channel.column.unit == "%";
  const std::string name = percent ? channel.column.name : heading(channel.column);
  return {{"field", vega_field(channel.column.cell)},
          {"type", "quantitative"},
          {"title", channel.title.empty() ? name : channel.title},
          {"scale", scale_of(channel, bar)},
          {"axis", axis_of(channel, table, bar, is_x)}};
}

nlohmann::ordered_json encode_place(const Channel& channel, const Table& table, bool is_x) {
  constexpr std::size_t kMostLabels = 20;
  Json place = encode_discrete(channel, is_x);
  place["title"] = channel.title.empty() ? Json(nullptr) : Json(channel.title);
  if (is_x && distinct_texts(table, channel.column.cell).size() > kMostLabels)
    place["axis"].update({{"labels", false}, {"ticks", false}});
  return place;
}

nlohmann::ordered_json encode_shade(const Table& table, const std::string& name) {
  const DisplayColumn column = column_of(table, name);
  // From nearly nothing, which is seen on white and black paper alike.
  const Json range = {"rgba(217, 115, 13, 0.05)", "rgba(217, 115, 13, 1)"};
  return {{"field", vega_field(column.cell)},
          {"type", "quantitative"},
          {"title", column.name},
          {"scale", {{"range", range}, {"zero", true}}},
          {"legend",
           {{"orient", "top"}, {"format", column.unit == "%" ? ".0%" : "~s"}, {"tickCount", 3}}}};
}

nlohmann::ordered_json encode_colour(const Table& table, const std::string& name) {
  const DisplayColumn column = column_of(table, name);
  const Json legend = {
      {"orient", "top"}, {"symbolType", "circle"}, {"labelLimit", 260}, {"columns", 2}};
  const bool several = distinct_texts(table, column.cell).size() > 1;
  return {{"field", vega_field(column.cell)},
          {"type", "nominal"},
          {"sort", nullptr},
          {"title", nullptr},
          {"scale", {{"range", kPalette}}},
          {"legend", several ? legend : Json(nullptr)}};
}

}  // namespace moe
