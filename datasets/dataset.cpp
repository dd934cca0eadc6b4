#include "datasets/dataset.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "datasets/file_text.h"
#include "harness/durable_file.h"
#include "harness/error.h"
#include "harness/json_text.h"
#include "harness/sha256.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const std::size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

const Reader& reader_of(const Dataset& dataset) {
  const auto found = std::ranges::find(readers(), dataset.reader, &Reader::name);
  require(found != readers().end(), "dataset {}: unknown reader \"{}\"", dataset.name,
          dataset.reader);
  return **found;
}

/// The first of the split's alternatives that is there.
fs::path file_of(const Dataset& dataset, std::string_view subset, const Split& split,
                 const fs::path& data_root) {
  if (is_bundled(split.file)) return replaced(split.file, "{subset}", subset);
  std::string_view rest = split.file;
  fs::path first;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    const fs::path file =
        data_root / dataset.directory / replaced(std::string(one), "{subset}", subset);
    if (fs::is_regular_file(file)) return file;
    if (first.empty()) first = file;
  }
  if (fs::path(dataset.directory).is_absolute())
    throw Error(fmt::format("{} is not there", first.string()), std::source_location::current());
  throw Error(fmt::format("dataset {}: {} is not there; bring it with `moebench fetch dataset {}`, "
                          "or point $MOEBENCH_DATA at a folder that has it",
                          dataset.name, first.string(), dataset.name),
              std::source_location::current());
}

std::vector<Item> read(const Dataset& dataset, std::string_view subset, const Split& split,
                       const fs::path& data_root) {
  const Reader& reader = reader_of(dataset);
  return reader.read(dataset,
                     reader.generated ? fs::path() : file_of(dataset, subset, split, data_root),
                     subset, split.name);
}

std::string compute_digest(const Dataset& dataset, const Split& split, const fs::path& data_root) {
  Sha256 sha256;
  for (const std::string& subset : dataset.subsets) {
    for (const Item& item : read(dataset, subset, split, data_root)) {
      sha256.update(subset);
      sha256.update("\n");
      sha256.update(canonical(item));
      sha256.update("\n");
    }
  }
  return sha256.hex();
}

/// Digests of this process's life, so that 57 subjects do not read all files 57 times.
std::string remembered_digest(const Dataset& dataset, const Split& split,
                              const fs::path& data_root) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  const std::lock_guard lock(mutex);
  const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}", dataset.name, dataset.directory,
                                      split.name, split.file, data_root.string());
  const auto found = known.find(key);
  if (found != known.end()) return found->second;
  return known[key] = compute_digest(dataset, split, data_root);
}

fs::path record_of_digests(const Dataset& dataset, const fs::path& data_root) {
  return data_root / dataset.directory / "digests.json";
}

/// What record_digest wrote: {dataset: {split: sha256}}; an empty object where nothing was.
nlohmann::json recorded_digests(const Dataset& dataset, const fs::path& data_root) {
  const fs::path file = record_of_digests(dataset, data_root);
  if (dataset.directory.empty() || !fs::is_regular_file(file)) return nlohmann::json::object();
  nlohmann::json all = read_json(read_text(file), file.string());
  require(all.is_object(), "{}: expected an object {{dataset: {{split: sha256}}}}", file.string());
  return all;
}

std::string recorded_digest(const Dataset& dataset, const Split& split, const fs::path& data_root) {
  const nlohmann::json all = recorded_digests(dataset, data_root);
  return all.value(dataset.name, nlohmann::json::object()).value(split.name, std::string());
}

}  // namespace

std::string canonical(const Item& item) {
  nlohmann::ordered_json json;
  json["question"] = item.question;
  json["choices"] = item.choices;
  json["gold"] = item.gold;
  json["facts"] = nlohmann::json::parse(item.facts_json);
  if (!item.right.empty()) json["right"] = item.right;
  if (!item.answers.empty()) json["answers"] = item.answers;
  if (!item.fields.empty()) json["fields"] = item.fields;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

const Split& find_split(const Dataset& dataset, std::string_view name) {
  const auto found = std::ranges::find(dataset.splits, name, &Split::name);
  std::string known;
  for (const Split& split : dataset.splits)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", split.name);
  require(found != dataset.splits.end(), "dataset {}: no split \"{}\"; known are {}", dataset.name,
          name, known);
  return *found;
}

std::string digest(const Dataset& dataset, std::string_view name, const fs::path& data_root) {
  const Split& split = find_split(dataset, name);
  std::string found = remembered_digest(dataset, split, data_root);
  const std::string recorded =
      split.sha256.empty() ? recorded_digest(dataset, split, data_root) : std::string();
  const std::string& expected = split.sha256.empty() ? recorded : split.sha256;
  require(expected.empty() || expected == found,
          "dataset {}, split {} under {}: its records have sha256 {}, {} is {}", dataset.name, name,
          data_root.string(), found, split.sha256.empty() ? "recorded" : "pinned", expected);
  return found;
}

void record_digest(const Dataset& dataset, std::string_view name, const fs::path& data_root) {
  const Split& split = find_split(dataset, name);
  if (!split.sha256.empty()) return;
  nlohmann::json all = recorded_digests(dataset, data_root);
  all[dataset.name][split.name] = digest(dataset, name, data_root);
  write_durably(record_of_digests(dataset, data_root), all.dump(2) + "\n");
}

std::vector<Item> load(const Dataset& dataset, std::string_view subset, std::string_view name,
                       const fs::path& data_root) {
  require(std::ranges::find(dataset.subsets, subset) != dataset.subsets.end(),
          "dataset {}: no subset \"{}\"", dataset.name, subset);
  digest(dataset, name, data_root);
  return read(dataset, subset, find_split(dataset, name), data_root);
}

std::string whole_text(const Dataset& dataset, std::string_view name, const fs::path& data_root) {
  digest(dataset, name, data_root);
  return read_utf8(file_of(dataset, dataset.subsets.at(0), find_split(dataset, name), data_root));
}

fs::path default_data_root() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
    return std::string(value == nullptr ? "" : value);
  };
  if (std::string data = variable("MOEBENCH_DATA"); !data.empty()) return data;
  if (const std::string cache = variable("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "moebench/data";
  return fs::path(variable("HOME")) / ".cache/moebench/data";
}

}  // namespace moe
