// How a cell is shown. The column's name says it: `NAME [UNIT]`, and columns `NAME_low` and
// `NAME_high` beside it are its 95 % interval, shown with it rather than on their own. So a query
// returns plain numbers: tables read well, and csv and json stay exact.
//
//   [%]        a share: 0.254 is shown as 25.4, the unit in the heading
//   [pp]       a difference of shares in percentage points, with its sign
//   [x]        a ratio: 1.53×
//   [count]    6.92 B, 34.1 M
//   [+UNIT]    with its sign
//   [=COLUMN]  the unit stands in that column of the row, which is not shown; [+=COLUMN] with the
//   sign [B] [s] [B/s] [FLOP] [FLOP/s] [J] [W] [B/token] [FLOP/token] [J/token]   with SI prefixes
//   [other]    three digits, the unit in the heading
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/store.h"

namespace moe {

struct DisplayColumn {
  std::string name;  // without its unit
  std::string unit;  // "" where it has none
  std::size_t cell = 0;
  std::optional<std::size_t> low, high;
  std::optional<std::size_t> unit_cell;  // where each row has its own unit
  bool numeric = false;                  // all its cells are numbers or null
};

/// A cell in parts, so that a format may set them differently.
struct Shown {
  std::string value;     // "25.4"; "–" for null
  std::string interval;  // "[23.1, 27.7]", or ""
  std::string unit;      // "ms", or "" where the heading says it
};

std::vector<DisplayColumn> display_columns(const Table&);

/// "accuracy, %": the name, and the unit where cells do not carry it.
std::string heading(const DisplayColumn&);

Shown show(const std::vector<Cell>& row, const DisplayColumn&);

/// "25.4 [23.1, 27.7] %": for use in a sentence, so always with the unit.
std::string show_in_text(const std::vector<Cell>& row, const DisplayColumn&);

/// "tokens_per_s [1/s]" without its unit; the unit.
std::string_view name_of_column(std::string_view column);
std::string_view unit_of_column(std::string_view column);

}  // namespace moe
