#include "models/library.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <toml++/toml.h>

#include "harness/embedded.h"
#include "harness/error.h"

namespace moe {

extern const std::span<const EmbeddedFile> kConfigs, kCards,
    kPairs;  // models/{configs,cards,pairs}

namespace {

toml::table parsed(const EmbeddedFile& file) {
  try {
    return toml::parse(file.text, file.name);
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}.toml, line {}: {}", file.name, error.source().begin.line,
                            error.description()),
                std::source_location::current());
  }
}

std::string text(const toml::table& table, const EmbeddedFile& file, std::string_view key) {
  return required(table[key].value<std::string>(), "{}.toml: key \"{}\" is missing", file.name,
                  key);
}

std::vector<std::string> texts(const toml::table& table, std::string_view key) {
  std::vector<std::string> out;
  if (const toml::array* list = table[key].as_array()) {
    for (const toml::node& node : *list) out.push_back(node.value_or(std::string()));
  }
  return out;
}

std::vector<Card> read_cards() {
  std::vector<Card> out;
  for (const EmbeddedFile& file : kCards) out.push_back(read_card(file.name, file.text));
  return out;
}

std::vector<Pair> read_pairs() {
  std::vector<Pair> out;
  for (const EmbeddedFile& file : kPairs) {
    const toml::table table = parsed(file);
    out.push_back({.name = std::string(file.name),
                   .moe = text(table, file, "moe"),
                   .dense = text(table, file, "dense"),
                   .note = text(table, file, "note"),
                   .held_equal = texts(table, "held_equal"),
                   .differs = texts(table, "differs")});
  }
  return out;
}

}  // namespace

Card read_card(std::string_view name, std::string_view toml) {
  const EmbeddedFile file{name, toml};
  const toml::table table = parsed(file);
  Card card{.name = std::string(name), .repository = {}, .revision = {}, .bundled = {}};
  require(table.contains("repository") != table.contains("bundled"),
          "{}.toml: expected one of the keys \"repository\" and \"bundled\", found {}", name,
          table.contains("bundled") ? "both" : "none");
  if (table.contains("repository")) {
    card.repository = text(table, file, "repository");
    card.revision = text(table, file, "revision");
  } else {
    require(!table.contains("revision"),
            "{}.toml: key \"revision\": what comes with the program has none", name);
    card.bundled = text(table, file, "bundled");
    require(!card.bundled.empty() && card.bundled.find('/') == std::string::npos,
            "{}.toml: key \"bundled\": expected the name of a folder, found \"{}\"", name,
            card.bundled);
  }
  return card;
}

const std::vector<Card>& cards() {
  static const std::vector<Card> kAll = read_cards();
  return kAll;
}

const std::vector<Pair>& pairs() {
  static const std::vector<Pair> kAll = read_pairs();
  return kAll;
}

std::vector<std::string_view> config_names() {
  std::vector<std::string_view> names;
  for (const EmbeddedFile& file : kConfigs) names.push_back(file.name);
  return names;
}

std::optional<Json> bundled_config(std::string_view name) {
  const auto found = std::ranges::find(kConfigs, name, &EmbeddedFile::name);
  if (found == kConfigs.end()) return std::nullopt;
  return Json::parse(found->text);
}

}  // namespace moe
