// MMLU-Pro: up to ten options, a letter, and of its examples the reasons, which begin with the
// first words of an answer ("A: Let's think step by step. "): those are the prompt's and are taken
// off.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "datasets/json_records.h"
#include "harness/error.h"

namespace moe {
namespace {

constexpr std::size_t kMostOptions = 10;

void remove_all(std::string& text, std::string_view what) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos;)
    text.erase(at, what.size());
}

Item from_json(const nlohmann::ordered_json& json, std::string_view subset,
               const std::string& where) {
  std::string category = json.at("category");
  std::ranges::replace(category, ' ', '_');
  require(category == subset, "{}: category \"{}\": expected {}", where, category, subset);
  Item item;
  item.question = json.at("question");
  item.choices = json.at("options").get<std::vector<std::string>>();
  item.gold = json.at("answer_index");
  const std::string letter = json.at("answer");
  require(!item.choices.empty() && item.choices.size() <= kMostOptions,
          "{}: {} options, expected 1 to {}", where, item.choices.size(), kMostOptions);
  require(item.gold >= 0 && item.gold < std::ssize(item.choices) &&
              letter == std::string(1, static_cast<char>('A' + item.gold)),
          "{}: answer \"{}\" and answer_index {}: expected the letter and number of one of {} "
          "options",
          where, letter, item.gold, item.choices.size());
  item.answers = {letter};
  std::string& reasons = item.fields["reasons"] = json.at("cot_content");
  remove_all(reasons, "A: Let's think step by step. ");
  return item;
}

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view subset,
                       std::string_view) {
  return items_of(file, [&](const nlohmann::ordered_json& json, const std::string& where) {
    return from_json(json, subset, where);
  });
}

}  // namespace

extern const Reader mmlu_pro = {.name = "mmlu_pro", .generated = false, .read = read};

}  // namespace moe
