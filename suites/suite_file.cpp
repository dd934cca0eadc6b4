// A suite file's text as a Suite: every key read, every other one refused.
#include <algorithm>
#include <array>
#include <utility>

#include "harness/error.h"
#include "harness/json_text.h"
#include "harness/sha256.h"
#include "harness/toml_reader.h"
#include "suites/data.h"
#include "suites/kind.h"
#include "suites/suite.h"

namespace moe {
namespace {

std::string whose(std::string_view name) {
  return fmt::format("suite {}", name);
}

std::vector<Axis> read_axes(std::string_view name, const toml::table* table) {
  std::vector<Axis> axes;
  if (table == nullptr) return axes;
  for (const auto& [key, node] : in_file_order(*table)) {
    const toml::array* values = node->as_array();
    require(values != nullptr && !values->empty(),
            "suite {}, line {}: axis \"{}\": expected a list of values", name,
            node->source().begin.line, key);
    Axis& axis = axes.emplace_back(Axis{key, {}});
    for (const toml::node& value : *values) {
      require(!value.is_table() && !value.is_array(),
              "suite {}, line {}: axis \"{}\": expected plain values", name,
              value.source().begin.line, key);
      axis.values.push_back(to_json(whose(name), value));
    }
  }
  return axes;
}

Measure read_measure(std::string_view name, const toml::table* table) {
  Measure m;
  if (table == nullptr) return m;
  const TableReader reader(whose(name), *table);
  reader.only(
      std::to_array<std::string_view>({"warmup", "min_samples", "below", "timeout_s", "launches"}));
  m.warmup = reader.get_or<std::int64_t>("warmup", m.warmup, "a whole number");
  m.min_samples = reader.get_or<std::int64_t>("min_samples", m.min_samples, "a whole number");
  m.below = reader.get_or<double>("below", m.below, "a number");
  m.timeout_s = reader.get_or<double>("timeout_s", m.timeout_s, "seconds");
  m.launches = reader.get_or<std::int64_t>("launches", m.launches, "a whole number");
  require(m.warmup >= 0 && m.min_samples >= 2 && m.below > 0 && m.timeout_s > 0 &&
              m.launches >= 1 && m.launches <= 1000,
          "{}: [measure]: expected warmup >= 0, min_samples >= 2, below > 0, timeout_s > 0, "
          "launches 1 to 1000",
          reader.at(*table));
  return m;
}

double read_require(std::string_view name, const toml::table* table) {
  if (table == nullptr) return 0;
  const TableReader reader(whose(name), *table);
  reader.only(std::to_array<std::string_view>({"max_logit_difference"}));
  if ((*table)["max_logit_difference"].value<std::string>() == "dtype") return 0;
  const auto bound = reader.get<double>("max_logit_difference", "a number or \"dtype\"");
  require(bound > 0, "{}: [require]: max_logit_difference {}: expected more than 0",
          reader.at(*table), bound);
  return bound;
}

/// An option, which its kind reads as JSON, and where it and its keys stand.
void read_option(Suite& suite, std::string_view key, const toml::node& node) {
  const std::string option(key);
  suite.options[option] = to_json(whose(suite.name), node);
  suite.option_lines[option] = node.source().begin.line;
  if (!node.is_table()) return;
  for (const auto& [inner, value] : *node.as_table())
    suite.option_lines[fmt::format("{}.{}", key, inner.str())] = value.source().begin.line;
}

/// The data of a suite that brings its own.
std::shared_ptr<const Dataset> own_data(std::string_view name, std::string_view folder,
                                        const TableReader& reader, const toml::table& table) {
  const toml::table* data = reader.sub("data");
  if (data == nullptr) return nullptr;
  require(!table.contains("dataset") && !table.contains("split"),
          "{}: [data] and `dataset`: expected one of both", reader.at(*data));
  require(!folder.empty(), "{}: [data]: only a suite file of yours has data of its own",
          reader.at(*data));
  return std::make_shared<const Dataset>(own_dataset(whose(name), *data, std::string(folder)));
}

Suite read_suite(std::string_view toml, std::string_view name, std::string_view folder,
                 const toml::table& table) {
  const TableReader reader(whose(name), table);
  const auto own = own_data(name, folder, reader, table);
  Suite suite{
      .name = std::string(name),
      .kind = reader.get<std::string>("kind", "a name"),
      .version = reader.get<std::int64_t>("version", "a whole number"),
      .title = reader.get<std::string>("title", "a line of text"),
      .task = reader.get_or<std::string>("task", std::string(name), "a name"),
      .axes = read_axes(name, reader.sub("axes")),
      .measure = read_measure(name, reader.sub("measure")),
      .max_logit_difference = read_require(name, reader.sub("require")),
      .dataset = reader.get_or<std::string>("dataset", own ? own->name : "", "a dataset's name"),
      .split = reader.get_or<std::string>("split", own ? "own" : "", "a split's name"),
      .own_data = own,
      .option_lines = {},
      .toml = std::string(toml),
      .sha256 = sha256_hex(toml),
      .file = {},
      .folder = std::string(folder)};
  constexpr auto kCommon =
      std::to_array<std::string_view>({"kind", "version", "title", "task", "axes", "measure",
                                       "require", "dataset", "split", "data"});
  for (const auto& [key, node] : table) {
    if (std::ranges::find(kCommon, key.str()) == kCommon.end()) read_option(suite, key.str(), node);
  }
  return suite;
}

void check(const Suite& suite) {
  require(suite.version >= 1, "version {}: expected 1 or more", suite.version);
  const Kind& kind = find_kind(suite.kind);
  const bool has_data = kind.questions && kind.asked == nullptr;  // of its own
  require(has_data == !suite.dataset.empty() && suite.dataset.empty() == suite.split.empty(),
          "a suite of kind {} {} `dataset` and `split`", suite.kind, has_data ? "needs" : "has no");
  if (has_data) find_split(dataset_of(suite), suite.split);
}

}  // namespace

Suite parse_suite(std::string_view toml, std::string_view name, std::string_view folder) {
  const toml::table table = parse_toml(toml, whose(name));
  Suite suite = read_suite(toml, name, folder, table);
  const auto in_suite = [&](const auto& checked) {
    try {
      checked();
    } catch (const Error& error) {
      throw error.while_doing(fmt::format("suite {}", name));
    } catch (const Json::exception& error) {
      throw Error(fmt::format("suite {}: {}", name, reason_of(error)),
                  std::source_location::current());
    }
  };
  in_suite([&] { check(suite); });
  check_tables(suite, find_kind(suite.kind));  // whose errors name the suite and the line
  in_suite([&] { find_kind(suite.kind).check(suite); });
  return suite;
}

}  // namespace moe
