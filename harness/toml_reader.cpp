#include "harness/toml_reader.h"

#include <nlohmann/json.hpp>

namespace moe {

toml::table parse_toml(std::string_view text, std::string_view whose) {
  try {
    return toml::parse(text, whose);
  } catch (const toml::parse_error& error) {
    throw Error(
        fmt::format("{}, line {}: {}", whose, error.source().begin.line, error.description()),
        std::source_location::current());
  }
}

Json to_json(std::string_view whose, const toml::node& node) {
  if (const auto* table = node.as_table()) {
    Json out = Json::object();
    for (const auto& [key, value] : *table) out[std::string(key.str())] = to_json(whose, value);
    return out;
  }
  if (const auto* array = node.as_array()) {
    Json out = Json::array();
    for (const toml::node& value : *array) out.push_back(to_json(whose, value));
    return out;
  }
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  throw Error(fmt::format("{}, line {}: dates and times have no meaning here", whose,
                          node.source().begin.line),
              std::source_location::current());
}

std::vector<std::pair<std::string, const toml::node*>> in_file_order(const toml::table& table) {
  std::vector<std::pair<std::string, const toml::node*>> nodes;
  for (const auto& [key, node] : table) nodes.emplace_back(key.str(), &node);
  std::ranges::sort(nodes, {}, [](const auto& node) {
    const toml::source_position& at = node.second->source().begin;
    return std::pair(at.line, at.column);
  });
  return nodes;
}

}  // namespace moe
