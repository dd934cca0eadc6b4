// The channels of a chart (x, y, colour) as Vega-Lite encodes them.
#pragma once

#include <cstddef>
#include <string>
#include <nlohmann/json_fwd.hpp>

#include "reports/display.h"
#include "results/store.h"

namespace moe {

/// One axis of a chart and what the drawing must know of it.
struct Channel {
  DisplayColumn column;
  std::string scale, title;  // as the chart's directive says
  bool discrete() const { return !column.numeric; }
};

/// The colour of a single series; the first of several.
inline constexpr const char* kFirstColour = "#d9730d";

/// Columns are renamed to c0, c1, …, so that no name from a query can be taken for a path or an
/// expression.
std::string vega_field(std::size_t cell);

nlohmann::ordered_json vega_value(const Cell&);

/// The column shown under that name, which is there (check_columns).
DisplayColumn column_of(const Table&, const std::string& name);

/// The texts of a column in the order of the rows: Vega-Lite would sort them.
nlohmann::ordered_json distinct_texts(const Table&, std::size_t cell);

nlohmann::ordered_json encode_channel(const Channel&, const Table&, bool bar, bool is_x);
/// A column whose values stand side by side in the order of the rows, numbers too.
nlohmann::ordered_json encode_place(const Channel&, const Table&, bool is_x);
/// How dark a cell is, from 0 on.
nlohmann::ordered_json encode_shade(const Table&, const std::string& column);
nlohmann::ordered_json encode_colour(const Table&, const std::string& column);

}  // namespace moe
