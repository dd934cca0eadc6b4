// TOML, read with the lines that errors name.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <nlohmann/json_fwd.hpp>
#include <toml++/toml.h>

#include "harness/error.h"

namespace moe {

using Json = nlohmann::json;

/// Reads a table and remembers where things stand, for errors.
class TableReader {
 public:
  /// `whose`: what the file is to errors, "suite mmlu".
  TableReader(std::string whose, const toml::table& table)
      : whose_(std::move(whose)), table_(table) {}

  /// Where a node stands: "suite mmlu, line 3"; of one that another text brought (parse_toml's
  /// `whose`), there.
  std::string at(const toml::node& node) const {
    const auto& path = node.source().path;
    const std::string whose = path ? *path : whose_;
    const auto line = node.source().begin.line;  // 0: of no text
    return line == 0 ? whose : fmt::format("{}, line {}", whose, line);
  }

  template <typename T>
  T get(std::string_view key, std::string_view expected) const {
    const toml::node* node = table_.get(key);
    require(node != nullptr, "{}: key \"{}\" is missing", at(table_), key);
    return required(node->value<T>(), "{}: key \"{}\": expected {}", at(*node), key, expected);
  }

  template <typename T>
  T get_or(std::string_view key, T missing, std::string_view expected) const {
    return table_.contains(key) ? get<T>(key, expected) : std::move(missing);
  }

  const toml::table* sub(std::string_view key) const {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return nullptr;
    require(node->is_table(), "{}: \"{}\": expected a table", at(*node), key);
    return node->as_table();
  }

  void only(std::span<const std::string_view> known) const {
    for (const auto& [key, node] : table_) {
      require(std::ranges::find(known, key.str()) != known.end(),
              "{}: unknown key \"{}\"; known are {}", at(node), key.str(), fmt::join(known, ", "));
    }
  }

 private:
  std::string whose_;
  const toml::table& table_;
};

/// The text's table. Error names the line of what is no TOML.
toml::table parse_toml(std::string_view text, std::string_view whose);

/// A TOML value as JSON. Error on dates, which mean nothing here.
Json to_json(std::string_view whose, const toml::node&);

/// toml++ sorts keys by name; a file says its axes in an order of its own.
std::vector<std::pair<std::string, const toml::node*>> in_file_order(const toml::table&);

}  // namespace moe
