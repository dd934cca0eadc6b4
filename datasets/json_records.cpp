#include "datasets/json_records.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "datasets/file_text.h"
#include "harness/error.h"
#include "harness/json_text.h"

namespace moe {
namespace {

using Record = nlohmann::ordered_json;

Record parsed(std::string_view text, const std::string& where) {
  read_json(text, where);  // which refuses what nests without end
  return Record::parse(text);
}

}  // namespace

std::vector<Item> items_of(const std::filesystem::path& file, const MakeItem& make) {
  const std::string text = read_utf8(file);
  std::vector<Item> items;
  const auto add = [&](const Record& record, const std::string& where) {
    try {
      items.push_back(make(record, where));
    } catch (const Record::exception& error) {
      throw Error(fmt::format("{}: {}", where, reason_of(error)), std::source_location::current());
    }
    items.back().index = std::ssize(items) - 1;
  };
  if (file.extension() == ".jsonl") {
    std::int64_t line = 0;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      const std::string where = fmt::format("{}, line {}", file.string(), ++line);
      const std::string_view record = std::string_view(text).substr(at, end - at);
      if (record.find_first_not_of(" \t\r") != std::string_view::npos)  // else a blank line
        add(parsed(record, where), where);
      at = end + 1;
    }
  } else {
    const Record list = parsed(text, file.string());
    require(list.is_array(), "{}: expected a list of records", file.string());
    for (const Record& record : list)
      add(record, fmt::format("{}, record {}", file.string(), items.size()));
  }
  require(!items.empty(), "{}: no records", file.string());
  return items;
}

}  // namespace moe
