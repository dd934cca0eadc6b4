// Charts: a directive such as
//
//   -- chart: line x=batch y=tokens_per_s color=model facet=suite label=name xscale=log yscale=zero
//
// becomes a Vega-Lite specification. KIND is line (points joined, with error bars), dot (points
// with error bars), bar or heat. x, y, color, facet and label name columns of the query, without
// their unit. heat is a table of cells, each as dark as its `color` says (a number, needed); x and
// y stand in the order of the rows, x in each facet on its own. Else intervals come from the
// columns NAME_low and NAME_high (display.h). Scales: zero (default for bars), fit (default
// otherwise), log. Titles of axes: xtitle="…", ytitle="…"; else the column's name and unit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "results/store.h"

namespace moe {

enum class ChartKind : std::uint8_t { line, dot, bar, heat };

struct Chart {
  ChartKind kind = ChartKind::line;
  std::string x, y;                 // columns
  std::string color, facet, label;  // columns; "": none
  std::string x_scale, y_scale;     // zero, fit, log
  std::string x_title, y_title;
};

Chart parse_chart(std::string_view words);

/// As wide as its container (a page), or of fixed width (a picture).
enum class ChartWidth : std::uint8_t { container, fixed };

/// Error that names the column where the table lacks one, and those it has.
void check_columns(const Chart&, const Table&);

/// What stands for a chart where there is text only: its numbers; of a heat map a line of blocks
/// for each row, ▁ to █ by their share of the darkest cell, · for 0 and a blank for none.
Table in_text(const Chart&, const Table&);

/// A Vega-Lite 5 specification as JSON; the columns have been checked.
std::string vega_lite(const Chart&, const Table&, ChartWidth);

/// One sentence that says what is drawn, for those who do not see it.
std::string describe(const Chart&, const Table&);

}  // namespace moe
