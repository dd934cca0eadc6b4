// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, quotes and line
// breaks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moe {

struct CsvRecord {
  std::int64_t line = 0;  // where it begins, from 1
  std::vector<std::string> fields;
};

/// Error names `where` and the line of a quote that is not closed or has text behind it.
std::vector<CsvRecord> parse_csv(std::string_view text, std::string_view where);

}  // namespace moe
