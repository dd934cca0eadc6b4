#include "datasets/record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "harness/toml_reader.h"

namespace moe {
namespace {

using Record = nlohmann::ordered_json;

constexpr auto kKeys =
    std::to_array<std::string_view>({"question", "choices", "labels", "gold", "first", "right",
                                     "answers", "fields", "fixed_choices", "unwrap", "reversed"});

std::vector<std::string> texts(const TableReader& reader, const toml::table& table,
                               std::string_view key) {
  std::vector<std::string> out;
  const toml::node* node = table.get(key);
  if (node == nullptr) return out;
  require(node->is_array() && !node->as_array()->empty(),
          "{}: key \"{}\": expected a list of texts", reader.at(*node), key);
  for (const toml::node& one : *node->as_array())
    out.push_back(
        required(one.value<std::string>(), "{}: key \"{}\": expected texts", reader.at(one), key));
  return out;
}

/// The first of the paths that leads somewhere; null where none does.
const Record* find(const Record& record, std::string_view paths) {
  while (!paths.empty()) {
    std::string_view path = paths.substr(0, paths.find('|'));
    paths.remove_prefix(std::min(path.size() + 1, paths.size()));
    const Record* at = &record;
    while (at != nullptr && !path.empty()) {
      const std::string key(path.substr(0, path.find('.')));
      path.remove_prefix(std::min(key.size() + 1, path.size()));
      at = at->is_object() && at->contains(key) ? &at->at(key) : nullptr;
    }
    if (at != nullptr) return at;
  }
  return nullptr;
}

const Record& at(const Record& record, std::string_view paths, const std::string& where) {
  const Record* found = find(record, paths);
  require(found != nullptr, "{}: expected \"{}\", found {}", where, paths,
          record.dump(-1, ' ', false, Record::error_handler_t::replace).substr(0, 120));
  return *found;
}

/// Numbers are as good as their text.
std::string text_of(const Record& value, std::string_view path, const std::string& where) {
  if (value.is_number()) return value.dump();
  require(value.is_string(), "{}: \"{}\": expected a text, found {}", where, path,
          value.dump(-1, ' ', false, Record::error_handler_t::replace).substr(0, 80));
  return value.get<std::string>();
}

std::vector<std::string> list_of(const Record& value, std::string_view path,
                                 const std::string& where) {
  std::vector<std::string> out;
  if (value.is_object()) {
    for (const auto& [key, ignored] : value.items()) out.push_back(key);
  } else {
    require(value.is_array(), "{}: \"{}\": expected a list of texts", where, path);
    for (const Record& one : value) out.push_back(text_of(one, path, where));
  }
  require(!out.empty(), "{}: \"{}\": expected at least one", where, path);
  return out;
}

std::vector<std::string> choices_of(const RecordMap& map, const Record& record,
                                    const std::string& where) {
  if (!map.fixed_choices.empty()) return map.fixed_choices;
  if (map.choices_are_a_list)
    return list_of(at(record, map.choices.at(0), where), map.choices.at(0), where);
  std::vector<std::string> out;
  for (const std::string& path : map.choices)
    out.push_back(text_of(at(record, path, where), path, where));
  return out;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Which choice a text means: a label, the choice itself, a number, or a letter.
std::int64_t named_choice(const RecordMap& map, const Record& record, std::string_view text,
                          const std::vector<std::string>& choices, const std::string& where) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto position = [&](const std::vector<std::string>& among) {
    return std::ranges::find(among, text) - among.begin();
  };
  if (const Record* labels = map.labels.empty() ? nullptr : find(record, map.labels))
    return position(list_of(*labels, map.labels, where));
  if (const std::int64_t choice = position(choices); choice < std::ssize(choices)) return choice;
  if (const auto number = number_in(text)) return *number - map.first;
  if (text.size() == 1 && text[0] >= 'A' && text[0] <= 'Z') return text[0] - 'A';
  return -1;
}

std::int64_t gold_of(const RecordMap& map, const Record& record,
                     const std::vector<std::string>& choices, const std::string& where) {
  if (map.gold_index >= 0) return map.gold_index;
  const Record& value = at(record, map.gold, where);
  const std::int64_t gold =
      value.is_boolean()          ? (value.get<bool>() ? 1 : 0)
      : value.is_number_integer() ? value.get<std::int64_t>() - map.first
      : value.is_string()
          ? named_choice(map, record, value.get_ref<const std::string&>(), choices, where)
          : -1;
  require(gold >= 0 && gold < std::ssize(choices),
          "{}: \"{}\" is {}, expected one of its {} choices", where, map.gold,
          value.dump(-1, ' ', false, Record::error_handler_t::replace).substr(0, 80),
          choices.size());
  return gold;
}

/// Numbers of the choices that are right, of a list of 0 and 1 or an object that has them.
std::vector<std::int64_t> right_of(const Record& value, std::string_view path, std::size_t choices,
                                   const std::string& where) {
  require((value.is_array() || value.is_object()) && value.size() == choices,
          "{}: \"{}\": expected a 0 or 1 for each of {} choices", where, path, choices);
  std::vector<std::int64_t> out;
  std::int64_t choice = 0;
  for (const Record& one : value) {
    require(one == 0 || one == 1, "{}: \"{}\": expected 0 or 1, found {}", where, path, one.dump());
    if (one == 1) out.push_back(choice);
    ++choice;
  }
  require(!out.empty(), "{}: \"{}\": none of {} choices is right", where, path, choices);
  return out;
}

void reverse_choices(Item& item) {
  const std::int64_t last = std::ssize(item.choices) - 1;
  std::ranges::reverse(item.choices);
  if (item.gold >= 0) item.gold = last - item.gold;
  for (std::int64_t& right : item.right) right = last - right;
  std::ranges::reverse(item.right);
}

std::string unwrapped(std::string text, const std::vector<std::string>& wrap) {
  if (wrap.empty() || !text.starts_with(wrap[0]) || !text.ends_with(wrap[1]) ||
      text.size() < wrap[0].size() + wrap[1].size())
    return text;
  return text.substr(wrap[0].size(), text.size() - wrap[0].size() - wrap[1].size());
}

}  // namespace

std::vector<std::string_view> record_keys() {
  return {kKeys.begin(), kKeys.end()};
}

RecordMap read_record_map(std::string_view whose, const toml::table& table) {
  const TableReader reader{std::string(whose), table};
  RecordMap map;
  map.question = reader.get<std::string>("question", "a path to a text");
  map.labels = reader.get_or<std::string>("labels", "", "a path to a list");
  map.right = reader.get_or<std::string>("right", "", "a path to a list");
  map.answers = reader.get_or<std::string>("answers", "", "a path to a text or a list");
  map.first = reader.get_or<std::int64_t>("first", 0, "a whole number");
  map.reversed = reader.get_or<bool>("reversed", false, "true or false");
  map.fixed_choices = texts(reader, table, "fixed_choices");
  map.unwrap = texts(reader, table, "unwrap");
  require(map.unwrap.empty() || map.unwrap.size() == 2,
          "{}: key \"unwrap\": expected two texts, the beginning and the end", reader.at(table));
  if (const toml::node* choices = table.get("choices")) {
    map.choices_are_a_list = choices->is_string();
    map.choices = choices->is_string() ? std::vector{choices->value_or(std::string())}
                                       : texts(reader, table, "choices");
  }
  if (const toml::node* gold = table.get("gold")) {
    require(gold->is_string() || gold->value_or(std::int64_t{-1}) >= 0,
            "{}: key \"gold\": expected a path, or the number of a choice", reader.at(*gold));
    map.gold = gold->value_or(std::string());
    map.gold_index = gold->is_string() ? -1 : gold->value_or(std::int64_t{0});
  }
  const bool has_choices = !map.choices.empty() || !map.fixed_choices.empty();
  require(!has_choices || table.contains("gold") || !map.right.empty(),
          "{}: choices without \"gold\" or \"right\"", reader.at(table));
  if (const toml::table* fields = reader.sub("fields")) {
    for (const auto& [key, node] : *fields)
      map.fields[std::string(key.str())] =
          required(node.value<std::string>(), "{}: [fields]: \"{}\": expected a path",
                   reader.at(node), key.str());
  }
  return map;
}

Item item_of(const RecordMap& map, const Record& record, const std::string& where) {
  require(record.is_object(), "{}: expected a JSON object", where);
  Item item;
  item.question =
      unwrapped(text_of(at(record, map.question, where), map.question, where), map.unwrap);
  item.choices = choices_of(map, record, where);
  if (!map.right.empty()) {
    item.right = right_of(at(record, map.right, where), map.right, item.choices.size(), where);
    item.gold = item.right.front();
  } else if (!item.choices.empty()) {
    item.gold = gold_of(map, record, item.choices, where);
  }
  if (map.reversed) reverse_choices(item);
  if (!map.answers.empty()) {
    const Record& answers = at(record, map.answers, where);
    item.answers = answers.is_array() ? list_of(answers, map.answers, where)
                                      : std::vector{text_of(answers, map.answers, where)};
  }
  if (map.all_fields) {
    for (const auto& [key, value] : record.items())
      if (value.is_string() || value.is_number()) item.fields[key] = text_of(value, key, where);
  }
  for (const auto& [name, path] : map.fields)
    item.fields[name] = text_of(at(record, path, where), path, where);
  return item;
}

}  // namespace moe
