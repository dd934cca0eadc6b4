#include "reports/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "reports/number.h"

namespace moe {
namespace {

constexpr std::string_view kNull = "–";
constexpr std::array<std::string_view, 11> kScaled = {
    "B", "s", "B/s", "FLOP", "FLOP/s", "J", "W", "B/token", "FLOP/token", "J/token", "count"};

/// What the unit asks: the sign shown, the number scaled, its own unit at each cell.
struct Unit {
  bool sign = false;
  double factor = 1;
  bool scaled = false;  // SI prefixes, or K M B for counts
  std::string in_cell;  // "" where the heading says it
  std::string in_heading;
};

Unit understand(std::string_view unit) {
  Unit result;
  if (unit.starts_with('+')) {
    result.sign = true;
    unit.remove_prefix(1);
  }
  if (unit == "pp") result.sign = true;
  if (unit == "%" || unit == "pp") result.factor = 100;
  result.scaled = std::ranges::find(kScaled, unit) != kScaled.end();
  if (unit == "count") return result;
  if (unit == "x") {
    result.in_cell = "×";
  } else if (result.scaled) {
    result.in_cell = unit;
  } else {
    result.in_heading = unit;
  }
  return result;
}

/// Where each row has its own unit, the cell must say it.
Unit unit_of(const std::vector<Cell>& row, const DisplayColumn& column) {
  if (!column.unit_cell) return understand(column.unit);
  const std::string sign = column.unit.starts_with('+') ? "+" : "";
  Unit unit = understand(sign + to_text(row[*column.unit_cell]));
  if (unit.in_heading == "1/s") unit.in_heading = "/s";
  if (unit.in_heading != "1") unit.in_cell += unit.in_heading;
  unit.in_heading.clear();
  return unit;
}

std::optional<double> number(const Cell& cell) {
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::nullopt;
}

std::optional<std::size_t> find_column(const Table& table, const std::string& name) {
  const auto found = std::ranges::find(table.columns, name);
  if (found == table.columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - table.columns.begin());
}

bool all_numbers(const Table& table, std::size_t column) {
  return std::ranges::all_of(table.rows, [&](const auto& row) {
    return !std::holds_alternative<std::string>(row[column]);
  });
}

Shown show_number(double x, std::optional<double> low, std::optional<double> high,
                  const Unit& unit) {
  Prefix prefix;
  if (unit.scaled)
    prefix = unit.in_cell.empty() ? count_prefix(x) : si_prefix(x, unit.in_cell == "s");
  const double factor = unit.factor / prefix.factor;
  const bool has_interval = low && high && *low < *high;
  const double half = has_interval ? (*high - *low) / 2 * factor : 0;
  const int decimals = decimals_for(x * factor, half, unit.factor == 100);
  const auto write = [&](double value) {
    return write_number(value * factor, decimals, unit.sign);
  };
  Shown shown{.value = write(x), .interval = "", .unit = ""};
  if (has_interval) shown.interval = fmt::format("[{}, {}]", write(*low), write(*high));
  shown.unit = fmt::format("{}{}", prefix.name, unit.in_cell);
  return shown;
}

Shown show_with(const std::vector<Cell>& row, const DisplayColumn& column, const Unit& unit) {
  const Cell& cell = row[column.cell];
  const std::optional<double> x = number(cell);
  if (!x) {
    const bool null = std::holds_alternative<std::nullptr_t>(cell);
    return {.value = null ? std::string(kNull) : to_text(cell), .interval = "", .unit = ""};
  }
  if (std::holds_alternative<std::int64_t>(cell) && column.unit.empty() && !column.low) {
    return {.value = write_number(*x, 0, false), .interval = "", .unit = ""};
  }
  const auto bound = [&](const std::optional<std::size_t>& at) {
    return at ? number(row[*at]) : std::nullopt;
  };
  return show_number(*x, bound(column.low), bound(column.high), unit);
}

}  // namespace

std::string_view name_of_column(std::string_view column) {
  const std::size_t open = column.rfind(" [");
  return column.ends_with(']') && open != std::string_view::npos ? column.substr(0, open) : column;
}

std::string_view unit_of_column(std::string_view column) {
  const std::string_view name = name_of_column(column);
  if (name.size() == column.size()) return {};
  return column.substr(name.size() + 2, column.size() - name.size() - 3);
}

std::vector<DisplayColumn> display_columns(const Table& table) {
  std::vector<DisplayColumn> columns;
  std::vector<std::size_t> beside;  // bounds and units, shown with their column
  for (std::size_t cell = 0; cell < table.columns.size(); ++cell) {
    const std::string name(name_of_column(table.columns[cell]));
    DisplayColumn column{.name = name,
                         .unit = std::string(unit_of_column(table.columns[cell])),
                         .cell = cell,
                         .low = find_column(table, name + "_low"),
                         .high = find_column(table, name + "_high"),
                         .unit_cell = {},
                         .numeric = all_numbers(table, cell)};
    if (column.low && column.high) {
      beside.push_back(*column.low);
      beside.push_back(*column.high);
    }
    const std::size_t equals = column.unit.find('=');
    if (equals <= 1) column.unit_cell = find_column(table, column.unit.substr(equals + 1));
    if (column.unit_cell) beside.push_back(*column.unit_cell);
    columns.push_back(std::move(column));
  }
  std::erase_if(columns, [&](const DisplayColumn& column) {
    return std::ranges::find(beside, column.cell) != beside.end();
  });
  return columns;
}

std::string heading(const DisplayColumn& column) {
  if (column.unit_cell) return column.name;
  const Unit unit = understand(column.unit);
  return unit.in_heading.empty() ? column.name
                                 : fmt::format("{}, {}", column.name, unit.in_heading);
}

Shown show(const std::vector<Cell>& row, const DisplayColumn& column) {
  return show_with(row, column, unit_of(row, column));
}

std::string show_in_text(const std::vector<Cell>& row, const DisplayColumn& column) {
  const Unit unit = unit_of(row, column);
  const Shown shown = show_with(row, column, unit);
  std::string text = shown.value;
  const std::string& word = shown.unit.empty() ? unit.in_heading : shown.unit;
  if (shown.unit == "×") {
    text += "×";
  } else if (!word.empty() && number(row[column.cell])) {
    text += " " + word;
  }
  if (!shown.interval.empty()) text += " " + shown.interval;
  return text;
}

}  // namespace moe
