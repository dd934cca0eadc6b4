#include "cli/print.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

/// Terminal columns of UTF-8 text, one per code point.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool is_number(const Cell& cell) {
  return std::holds_alternative<std::int64_t>(cell) || std::holds_alternative<double>(cell);
}

std::string padded(const std::string& text, std::size_t columns, bool right) {
  const std::string blanks(columns - std::min(columns, width(text)), ' ');
  return right ? blanks + text : text + blanks;
}

std::string line(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths,
                 const std::vector<bool>& right) {
  std::string out;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    out += (c == 0 ? "" : "  ") + padded(cells[c], widths[c], right[c]);
  }
  out.erase(out.find_last_not_of(' ') + 1);
  return out + "\n";
}

nlohmann::ordered_json to_json(const Cell& cell) {
  return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, cell);
}

}  // namespace

std::string to_terminal(const Table& table, std::string_view nothing) {
  if (table.rows.empty()) return std::string(nothing) + "\n";
  std::vector<std::size_t> widths;
  std::vector<bool> right;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    std::size_t widest = width(table.columns[c]);
    for (const auto& row : table.rows) widest = std::max(widest, width(to_text(row[c])));
    widths.push_back(widest);
    right.push_back(std::ranges::all_of(table.rows, [&](const auto& row) {
      return is_number(row[c]) || std::holds_alternative<std::nullptr_t>(row[c]);
    }));
  }
  std::string out = line(table.columns, widths, right);
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const Cell& cell : row) cells.push_back(to_text(cell));
    out += line(cells, widths, right);
  }
  return out;
}

std::string to_json_lines(const Table& table) {
  std::string out;
  for (const auto& row : table.rows) {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t c = 0; c < row.size(); ++c) object[table.columns[c]] = to_json(row[c]);
    out += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  return out;
}

void print(const Table& table, bool json, std::string_view nothing) {
  fmt::print("{}", json ? to_json_lines(table) : to_terminal(table, nothing));
}

}  // namespace moe
