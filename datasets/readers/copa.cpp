// COPA: a premise, and two sentences of which one is its cause or its effect. The question is the
// premise without its full stop, and "because" or "therefore".
#include <cctype>
#include <nlohmann/json.hpp>

#include "datasets/json_records.h"
#include "harness/error.h"

namespace moe {
namespace {

std::string in_sentence(std::string text, const std::string& where) {
  require(!text.empty(), "{}: a choice without text", where);
  text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

Item from_json(const nlohmann::ordered_json& json, const std::string& where) {
  const std::string asked = json.at("question");
  require(asked == "cause" || asked == "effect", "{}: question \"{}\": expected cause or effect",
          where, asked);
  std::string premise = json.at("premise");
  premise.erase(premise.find_last_not_of(" \t\r\n") + 1);
  premise.erase(0, premise.find_first_not_of(" \t\r\n"));
  require(premise.size() > 1, "{}: a premise without text", where);
  premise.pop_back();
  Item item;
  item.question = premise + (asked == "cause" ? " because" : " therefore");
  item.choices = {in_sentence(json.at("choice1"), where), in_sentence(json.at("choice2"), where)};
  item.gold = json.at("label");
  require(item.gold == 0 || item.gold == 1, "{}: label {}: expected 0 or 1", where, item.gold);
  return item;
}

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  return items_of(file, from_json);
}

}  // namespace

extern const Reader copa = {.name = "copa", .generated = false, .read = read};

}  // namespace moe
