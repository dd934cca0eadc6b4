// LAMBADA: a passage whose last word is to be found. JSON Lines of {text}, cut before the last
// blank, or of {context, continuation}, cut there already.
#include <nlohmann/json.hpp>

#include "datasets/json_records.h"
#include "harness/error.h"

namespace moe {
namespace {

Item from_json(const nlohmann::ordered_json& json, const std::string& where) {
  Item item;
  if (json.contains("text")) {
    const std::string text = json.at("text");
    const std::size_t blank = text.rfind(' ');
    require(blank != std::string::npos && blank + 1 < text.size(),
            "{}: \"text\": expected a last word behind a blank", where);
    item.question = text.substr(0, blank);
    item.choices = {text.substr(blank + 1)};
  } else {
    item.question = json.at("context");
    item.choices = {json.at("continuation")};
  }
  item.gold = 0;
  return item;
}

std::vector<Item> read(const Dataset&, const std::filesystem::path& file, std::string_view,
                       std::string_view) {
  return items_of(file, from_json);
}

}  // namespace

extern const Reader lambada = {.name = "lambada", .generated = false, .read = read};

}  // namespace moe
