// A table of a training's file: keys with defaults and ranges, and errors that say where they
// stand.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "harness/toml_reader.h"

namespace moe {

/// What a number may be, the ends included.
template <typename T>
struct Range {
  T least, most = std::numeric_limits<T>::max();
};

/// "world.toml, line 7: [optimizer] clip"; without a line where the file does not say it. Section
/// "": the file's own keys.
std::string place_in(const toml::table& root, const std::string& whose, const std::string& section,
                     std::string_view key);

/// All keys of a table that is missing have their defaults.
class ConfigSection {
 public:
  /// Error on a key that is not one of `keys`.
  ConfigSection(const toml::table& root, std::string whose, std::string name,
                std::span<const std::string_view> keys);

  /// The key's value. Error where the table or the key is missing.
  const toml::node& must_have(std::string_view key) const;

  // Each leaves what it is given where the file does not say anything, and is an Error on another
  // type and out of range.
  void number(std::string_view key, double& value, Range<double> range) const;
  void whole(std::string_view key, std::int64_t& value, Range<std::int64_t> range) const;
  void word(std::string_view key, std::string& value) const;

  std::string place(std::string_view key) const { return place_in(root_, whose_, name_, key); }

 private:
  template <typename T>
  void read(std::string_view key, T& value, std::string_view expected) const;

  const toml::table& root_;
  std::string whose_, name_;
  const toml::table* table_ = nullptr;
};

}  // namespace moe
