// WinoGrande: a sentence with a blank ("_") and two options for it. Fields `before` and `after` are
// the sentence around the blank.
#include <nlohmann/json.hpp>

#include "datasets/json_records.h"
#include "harness/error.h"

namespace moe {
namespace {

Item from_json(const nlohmann::ordered_json& json, const std::string& where) {
  Item item;
  item.question = json.at("sentence");
  item.choices = {json.at("option1"), json.at("option2")};
  const std::string answer = json.at("answer");
  require(answer == "1" || answer == "2", "{}: answer \"{}\": expected 1 or 2", where, answer);
  item.gold = answer[0] - '1';
  const std::size_t blank = item.question.find('_');
  require(blank != std::string::npos, "{}: a sentence without a blank (_): \"{}\"", where,
          item.question);
  item.fields = {{"before", item.question.substr(0, blank)},
                 {"after", item.question.substr(blank + 1)}};
  return item;
}

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  return items_of(file, from_json);
}

}  // namespace

extern const Reader winogrande = {.name = "winogrande", .generated = false, .read = read};

}  // namespace moe
