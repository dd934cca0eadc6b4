// A suite file's TOML, read with the lines that errors name.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <toml++/toml.h>

#include "harness/error.h"
#include "suites/suite.h"

namespace moe {

/// Reads a table and remembers where things stand, for errors.
class TableReader {
 public:
  TableReader(std::string_view name, const toml::table& table) : name_(name), table_(table) {}

  std::string at(const toml::node& node) const {
    return fmt::format("suite {}, line {}", name_, node.source().begin.line);
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
  std::string_view name_;
  const toml::table& table_;
};

/// A TOML value as JSON. Dates have no place in a suite.
Json to_json(std::string_view name, const toml::node&);

/// toml++ sorts keys by name; a file says its axes in an order of its own.
std::vector<std::pair<std::string, const toml::node*>> in_file_order(const toml::table&);

}  // namespace moe
