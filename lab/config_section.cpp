#include "lab/config_section.h"

#include <utility>

namespace moe {
namespace {

/// Not a number is out of every range.
template <typename T>
void check(const std::string& place, T value, const Range<T>& range) {
  const bool open = range.most == std::numeric_limits<T>::max();
  require(value >= range.least && value <= range.most, "{} = {}: expected {}", place, value,
          open ? fmt::format("at least {}, and finite", range.least)
               : fmt::format("{} to {}", range.least, range.most));
}

}  // namespace

std::string place_in(const toml::table& root, const std::string& whose, const std::string& section,
                     std::string_view key) {
  const toml::table* table = section.empty() ? &root : root[section].as_table();
  const toml::node* node = table == nullptr ? nullptr : table->get(key);
  return fmt::format("{}: {}{}", node == nullptr ? whose : TableReader(whose, root).at(*node),
                     section.empty() ? "" : fmt::format("[{}] ", section), key);
}

ConfigSection::ConfigSection(const toml::table& root, std::string whose, std::string name,
                             std::span<const std::string_view> keys)
    : root_(root), whose_(std::move(whose)), name_(std::move(name)) {
  table_ = TableReader(whose_, root).sub(name_);
  if (table_ != nullptr) TableReader(whose_, *table_).only(keys);
}

const toml::node& ConfigSection::must_have(std::string_view key) const {
  require(table_ != nullptr, "{}: table [{}] is missing", whose_, name_);
  const toml::node* node = table_->get(key);
  require(node != nullptr, "{}: [{}] {} is missing", TableReader(whose_, *table_).at(*table_),
          name_, key);
  return *node;
}

template <typename T>
void ConfigSection::read(std::string_view key, T& value, std::string_view expected) const {
  const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
  if (node == nullptr) return;
  value = required(node->value<T>(), "{}: expected {}", place(key), expected);
}

void ConfigSection::number(std::string_view key, double& value, Range<double> range) const {
  read(key, value, "a number");
  check(place(key), value, range);
}

void ConfigSection::whole(std::string_view key, std::int64_t& value,
                          Range<std::int64_t> range) const {
  read(key, value, "a whole number");
  check(place(key), value, range);
}

void ConfigSection::word(std::string_view key, std::string& value) const {
  read(key, value, "a name");
}

}  // namespace moe
