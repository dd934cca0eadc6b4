// What verbs print: tables for people, JSON Lines for programs. Data goes to stdout, talk to
// stderr.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/store.h"

namespace moe {

/// Columns aligned for a terminal, numbers to the right; a table without rows prints `nothing`.
std::string to_terminal(const Table&, std::string_view nothing);

/// One JSON object per row, numbers as numbers, null as null.
std::string to_json_lines(const Table&);

/// Writes the table to stdout in the form asked for.
void print(const Table&, bool json, std::string_view nothing);

}  // namespace moe
