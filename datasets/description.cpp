// The TOML description of a dataset.
#include <algorithm>
#include <array>
#include <toml++/toml.h>

#include "datasets/dataset.h"
#include "datasets/record.h"
#include "harness/embedded.h"
#include "harness/error.h"

namespace moe {

extern const std::span<const EmbeddedFile> kDatasets;  // datasets/*.toml

namespace {

std::string at(std::string_view name, const toml::node& node) {
  return fmt::format("dataset {}, line {}", name, node.source().begin.line);
}

std::string text(std::string_view name, const toml::table& table, std::string_view key) {
  const toml::node* node = table.get(key);
  require(node != nullptr, "{}: key \"{}\" is missing", at(name, table), key);
  require(node->is_string(), "{}: key \"{}\": expected a string", at(name, *node), key);
  return node->value_or(std::string());
}

void check_keys(std::string_view name, const toml::table& table,
                std::span<const std::string_view> known) {
  for (const auto& [key, node] : table) {
    require(std::ranges::find(known, key.str()) != known.end(), "{}: unknown key \"{}\"",
            at(name, node), key.str());
  }
}

std::vector<std::string> subsets_of(std::string_view name, const toml::table& table) {
  const toml::node* node = table.get("subsets");
  if (node == nullptr) return {""};
  require(node->is_array() && !node->as_array()->empty(),
          "{}: key \"subsets\": expected a list of names", at(name, *node));
  std::vector<std::string> out;
  for (const toml::node& one : *node->as_array()) {
    require(one.is_string(), "{}: key \"subsets\": expected names", at(name, one));
    out.push_back(one.value_or(std::string()));
  }
  return out;
}

std::vector<Split> splits_of(std::string_view name, const toml::table& table) {
  const toml::table* splits = table["splits"].as_table();
  require(splits != nullptr && !splits->empty(), "{}: expected a table [splits]", at(name, table));
  std::vector<Split> out;
  for (const auto& [key, node] : *splits) {
    const toml::table* split = node.as_table();
    require(split != nullptr, "{}: split \"{}\": expected {{file = ..., sha256 = ...}}",
            at(name, node), key.str());
    check_keys(name, *split, std::to_array<std::string_view>({"file", "sha256"}));
    out.push_back({std::string(key.str()), text(name, *split, "file"),
                   (*split)["sha256"].value_or(std::string())});
  }
  return out;
}

/// What reader "records" goes by, and no other.
RecordMap record_of(std::string_view name, const toml::table& table) {
  const toml::table* record = table["record"].as_table();
  const bool wanted = table["reader"].value_or(std::string()) == "records";
  require((record != nullptr) == wanted, "{}: {} a table [record]", at(name, table),
          wanted ? "reader \"records\" needs" : "only reader \"records\" has");
  if (record == nullptr) return {};
  check_keys(name, *record, record_keys());
  return read_record_map(fmt::format("dataset {}", name), *record);
}

std::string cluster_of(std::string_view name, const toml::table& table) {
  const toml::node* node = table.get("cluster");
  if (node == nullptr) return "";
  const std::string cluster = text(name, table, "cluster");
  const toml::table* fields = table["record"]["fields"].as_table();
  require(cluster == "subset" || (fields != nullptr && fields->contains(cluster)),
          "{}: key \"cluster\": \"{}\" is neither \"subset\" nor one of [record]'s fields",
          at(name, *node), cluster);
  return cluster;
}

std::vector<Dataset> bundled() {
  std::vector<Dataset> out;
  for (const EmbeddedFile& file : kDatasets) out.push_back(parse_dataset(file.name, file.text));
  return out;
}

}  // namespace

Dataset parse_dataset(std::string_view name, std::string_view toml) {
  toml::table table;
  try {
    table = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("dataset {}, line {}: {}", name, error.source().begin.line,
                            error.description()),
                std::source_location::current());
  }
  check_keys(name, table,
             std::to_array<std::string_view>({"reader", "source", "revision", "licence",
                                              "directory", "configuration", "split_by", "subsets",
                                              "splits", "record", "cluster"}));
  Dataset dataset{.name = std::string(name),
                  .reader = text(name, table, "reader"),
                  .source = text(name, table, "source"),
                  .revision = text(name, table, "revision"),
                  .licence = text(name, table, "licence"),
                  .directory = text(name, table, "directory"),
                  .configuration = table["configuration"].value_or(std::string()),
                  .split_by = table["split_by"].value_or(std::string()),
                  .subsets = subsets_of(name, table),
                  .splits = splits_of(name, table),
                  .record = record_of(name, table),
                  .cluster = cluster_of(name, table)};
  require(std::ranges::find(readers(), dataset.reader, &Reader::name) != readers().end(),
          "{}: unknown reader \"{}\"", at(name, table), dataset.reader);
  return dataset;
}

const std::vector<Dataset>& datasets() {
  static const std::vector<Dataset> kAll = bundled();
  return kAll;
}

const Dataset& find_dataset(std::string_view name) {
  const auto found = std::ranges::find(datasets(), name, &Dataset::name);
  std::string known;
  for (const Dataset& dataset : datasets())
    known += fmt::format("{}{}", known.empty() ? "" : ", ", dataset.name);
  require(found != datasets().end(), "no dataset \"{}\"; known are {}", name, known);
  return *found;
}

}  // namespace moe
