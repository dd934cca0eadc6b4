// MMLU: the original layout (CSV without a header: question, four choices, letter), or the fields
// of the Hugging Face dataset as JSON Lines (question, choices, answer as a number).
#include <nlohmann/json.hpp>

#include "datasets/csv.h"
#include "datasets/dataset.h"
#include "datasets/file_text.h"
#include "harness/error.h"

namespace moe {
namespace {

constexpr std::size_t kChoices = 4;

std::vector<Item> from_csv(const std::string& text, const std::string& where) {
  std::vector<Item> items;
  for (const CsvRecord& record : parse_csv(text, where)) {
    const auto& f = record.fields;
    require(f.size() == kChoices + 2,
            "{}, line {}: expected 6 fields (question, 4 choices, letter), found {}", where,
            record.line, f.size());
    require(f[5].size() == 1 && f[5][0] >= 'A' && f[5][0] <= 'D',
            "{}, line {}: answer \"{}\": expected a letter from A to D", where, record.line, f[5]);
    items.push_back({.index = static_cast<std::int64_t>(items.size()),
                     .question = f[0],
                     .choices = {f[1], f[2], f[3], f[4]},
                     .gold = f[5][0] - 'A'});
  }
  return items;
}

Item from_json(const nlohmann::json& json, const std::string& where) {
  const nlohmann::json& answer = json.at("answer");
  require(answer.is_number_integer(), "{}: answer {}: expected a whole number from 0 to 3", where,
          answer.dump());
  Item item{.question = json.at("question"), .choices = json.at("choices"), .gold = answer};
  require(item.choices.size() == kChoices && item.gold >= 0 &&
              item.gold < static_cast<std::int64_t>(kChoices),
          "{}: {} choices and answer {}: expected 4 and a number from 0 to 3", where,
          item.choices.size(), item.gold);
  return item;
}

std::vector<Item> from_json_lines(const std::string& text, const std::string& where) {
  std::vector<Item> items;
  std::int64_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string place = fmt::format("{}, line {}", where, ++line);
    try {
      Item item = from_json(nlohmann::json::parse(text.begin() + static_cast<std::ptrdiff_t>(at),
                                                  text.begin() + static_cast<std::ptrdiff_t>(end)),
                            place);
      item.index = static_cast<std::int64_t>(items.size());
      items.push_back(std::move(item));
    } catch (const nlohmann::json::exception& error) {
      throw Error(fmt::format("{}: expected {{\"question\", \"choices\", \"answer\"}}: {}", place,
                              error.what()),
                  std::source_location::current());
    }
    at = end + 1;
  }
  return items;
}

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  const std::string text = read_utf8(file);
  std::vector<Item> items = file.extension() == ".jsonl" ? from_json_lines(text, file.string())
                                                         : from_csv(text, file.string());
  require(!items.empty(), "{}: no records", file.string());
  return items;
}

}  // namespace

extern const Reader mmlu = {.name = "mmlu", .generated = false, .read = read};

}  // namespace moe
