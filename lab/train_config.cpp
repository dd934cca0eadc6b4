#include "lab/train_config.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>
#include <sstream>

#include "harness/error.h"
#include "lab/config_section.h"
#include "lab/schedule.h"
#include "models/family.h"

namespace moe {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file, std::string_view what) {
  std::ifstream in(file);
  require(in.good() && fs::is_regular_file(file), "{} {}: no such file", what, file.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The value that a setting gives; a word needs no quotes.
toml::table parsed(const TrainSetting& setting) {
  const auto& [path, value] = setting;
  const std::string whose = fmt::format("--set {}={}", path, value);
  const bool word = !value.empty() && std::ranges::all_of(value, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
  });
  try {
    return parse_toml("value = " + value, whose);
  } catch (const Error&) {
    if (!word) throw;
    return parse_toml(fmt::format("value = \"{}\"", value), whose);
  }
}

/// Puts VALUE at "table.key", or at "key".
void apply(toml::table& table, const TrainSetting& setting) {
  const std::string& path = setting.first;
  toml::table given = parsed(setting);
  const std::size_t dot = path.find('.');
  toml::table* place = &table;
  if (dot != std::string::npos) {
    const std::string name = path.substr(0, dot);
    if (!table.contains(name)) table.insert(name, toml::table());
    place = table[name].as_table();
    require(place != nullptr, "--set {}: {} is no table of the file", path, name);
  }
  place->insert_or_assign(path.substr(dot == std::string::npos ? 0 : dot + 1),
                          std::move(*given.get("value")));
}

constexpr double kBelowOne = 1 - 1e-9;

DataSettings read_data(const toml::table& root, const std::string& whose) {
  const ConfigSection section(
      root, whose, "data",
      std::to_array<std::string_view>({"corpus", "corpus_seed", "tokens", "row_tokens", "rows"}));
  DataSettings data;
  section.must_have("tokens");
  section.word("corpus", data.corpus);
  require(data.corpus == "world", "{} = \"{}\": the one there is is \"world\"",
          section.place("corpus"), data.corpus);
  section.whole("corpus_seed", data.corpus_seed, {0});
  section.whole("tokens", data.tokens, {1, 1'000'000'000'000});
  section.whole("row_tokens", data.row_tokens, {2, 1 << 20});
  section.whole("rows", data.rows, {1, 1 << 20});
  constexpr std::int64_t kMostTokens = 1 << 24;
  require(data.rows * data.row_tokens <= kMostTokens,
          "{} = {}: with {} tokens a row that is more than {} a step", section.place("rows"),
          data.rows, data.row_tokens, kMostTokens);
  return data;
}

/// One number, or a list of them: a grid.
std::vector<double> read_learning_rates(const ConfigSection& section) {
  constexpr std::string_view kKey = "learning_rate";
  const toml::node& node = section.must_have(kKey);
  const std::string place = section.place(kKey);
  std::vector<double> rates;
  const auto add = [&](const toml::node& value) {
    const auto rate = value.value<double>();
    require(rate.has_value(), "{}: expected a number or a list of numbers", place);
    require(*rate > 0 && std::isfinite(*rate), "{} = {}: expected more than 0", place, *rate);
    require(std::ranges::find(rates, *rate) == rates.end(), "{}: {} stands there twice", place,
            *rate);
    rates.push_back(*rate);
  };
  if (const toml::array* list = node.as_array()) {
    for (const toml::node& value : *list) add(value);
  } else {
    add(node);
  }
  require(!rates.empty(), "{}: an empty list", place);
  return rates;
}

OptimizerSettings read_optimizer(const toml::table& root, const std::string& whose) {
  const ConfigSection section(
      root, whose, "optimizer",
      std::to_array<std::string_view>({"learning_rate", "beta1", "beta2", "epsilon", "weight_decay",
                                       "clip", "warmup_steps", "final_share"}));
  OptimizerSettings optimizer;
  optimizer.learning_rates = read_learning_rates(section);
  section.number("beta1", optimizer.beta1, {0, kBelowOne});
  section.number("beta2", optimizer.beta2, {0, kBelowOne});
  section.number("epsilon", optimizer.epsilon, {0});
  section.number("weight_decay", optimizer.weight_decay, {0});
  section.number("clip", optimizer.clip, {1e-9});
  section.whole("warmup_steps", optimizer.warmup_steps, {0});
  section.number("final_share", optimizer.final_share, {0, 1});
  return optimizer;
}

RouterSettings read_router(const toml::table& root, const std::string& whose) {
  const ConfigSection section(
      root, whose, "router",
      std::to_array<std::string_view>({"balance", "z", "jitter", "capacity"}));
  RouterSettings router;
  section.number("balance", router.balance, {0});
  section.number("z", router.z, {0});
  section.number("jitter", router.jitter, {0, kBelowOne});
  section.number("capacity", router.capacity, {0});
  return router;
}

RunSettings read_run(const toml::table& root, const std::string& whose) {
  const ConfigSection section(root, whose, "run",
                              std::to_array<std::string_view>(
                                  {"threads", "evaluate_every", "checkpoint_minutes", "dtype"}));
  RunSettings run;
  std::string dtype(name_of(run.dtype));
  section.whole("threads", run.threads, {1, 1024});
  section.whole("evaluate_every", run.evaluate_every, {1});
  section.number("checkpoint_minutes", run.checkpoint_minutes, {0});
  section.word("dtype", dtype);
  try {
    run.dtype = dtype_of(dtype);
  } catch (const Error& error) {
    throw error.while_doing(section.place("dtype"));
  }
  return run;
}

std::string canonical(const toml::table& table) {
  std::ostringstream text;
  text << table;
  return text.str();
}

/// A name is shown in tables and names a folder.
void check_name(const std::string& name, const std::string& place) {
  const bool shown = std::ranges::all_of(
      name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/'; });
  constexpr std::size_t kLongest = 100;
  require(shown && !name.empty() && name.size() <= kLongest && name.front() != '.',
          "{}: expected up to {} bytes without control characters and slashes, not beginning with "
          "a dot",
          place, kLongest);
}

/// The file with what it leaves to the defaults.
toml::table resolved(const TrainConfig& config, const toml::table& file) {
  const DataSettings& data = config.data;
  const OptimizerSettings& optimizer = config.optimizer;
  toml::array rates;
  for (const double rate : optimizer.learning_rates) rates.push_back(rate);
  toml::table all{{"name", config.name},
                  {"config", file["config"].value_or("")},
                  {"tokenizer", file["tokenizer"].value_or("")},
                  {"seed", config.seed},
                  {"data", toml::table{{"corpus", data.corpus},
                                       {"corpus_seed", data.corpus_seed},
                                       {"tokens", data.tokens},
                                       {"row_tokens", data.row_tokens},
                                       {"rows", data.rows}}},
                  {"optimizer", toml::table{{"learning_rate", rates},
                                            {"beta1", optimizer.beta1},
                                            {"beta2", optimizer.beta2},
                                            {"epsilon", optimizer.epsilon},
                                            {"weight_decay", optimizer.weight_decay},
                                            {"clip", optimizer.clip},
                                            {"warmup_steps", optimizer.warmup_steps},
                                            {"final_share", optimizer.final_share}}},
                  {"run", toml::table{{"threads", config.run.threads},
                                      {"evaluate_every", config.run.evaluate_every},
                                      {"checkpoint_minutes", config.run.checkpoint_minutes},
                                      {"dtype", name_of(config.run.dtype)}}}};
  if (config.model.is_mixture()) {
    all.insert("router", toml::table{{"balance", config.router.balance},
                                     {"z", config.router.z},
                                     {"jitter", config.router.jitter},
                                     {"capacity", config.router.capacity}});
  }
  return all;
}

TrainConfig read(const toml::table& table, const std::string& whose, const fs::path& folder) {
  const TableReader root(whose, table);
  root.only(std::to_array<std::string_view>(
      {"name", "config", "tokenizer", "seed", "data", "optimizer", "router", "run"}));
  TrainConfig config;
  config.name = root.get<std::string>("name", "a name");
  check_name(config.name, place_in(table, whose, "", "name"));
  const fs::path json = folder / root.get<std::string>("config", "the path of a config.json");
  config.model_json = Json::parse(text_of(json, "config"), nullptr, /*allow_exceptions=*/false);
  require(config.model_json.is_object(), "config {}: expected a JSON object", json.string());
  config.model = read_config(config.model_json, json.string());
  config.tokenizer = folder / root.get<std::string>("tokenizer", "the path of a tokenizer.json");
  require(fs::is_regular_file(config.tokenizer), "{}: {}: no such file",
          place_in(table, whose, "", "tokenizer"), config.tokenizer.string());
  config.seed = root.get_or<std::int64_t>("seed", 1, "a whole number");
  config.data = read_data(table, whose);
  config.optimizer = read_optimizer(table, whose);
  config.router = read_router(table, whose);
  config.run = read_run(table, whose);
  require(config.data.row_tokens <= config.model.max_positions, "{} = {}: the model takes {}",
          place_in(table, whose, "data", "row_tokens"), config.data.row_tokens,
          config.model.max_positions);
  const std::int64_t steps = steps_of(config), warmup = config.optimizer.warmup_steps;
  require(warmup < steps,
          "{} = {}{}: the training has {} steps ([data]: tokens = {}, {} a step); set fewer",
          place_in(table, whose, "optimizer", "warmup_steps"), warmup,
          table.at_path("optimizer.warmup_steps") ? "" : ", the default", steps, config.data.tokens,
          tokens_per_step(config));
  require(config.model.is_mixture() || !table.contains("router"),
          "{}: [router]: the model has no mixture of experts", whose);
  toml::table all = resolved(config, table);
  config.toml = canonical(all);
  for (const char* name : {"name", "config", "tokenizer"}) all.erase(name);
  all["optimizer"].as_table()->erase("learning_rate");
  for (const char* key : {"checkpoint_minutes", "dtype"}) all["run"].as_table()->erase(key);
  config.decisive = canonical(all);
  return config;
}

}  // namespace

TrainConfig read_train_config(const fs::path& file, const std::vector<TrainSetting>& settings) {
  const std::string whose = file.string();
  toml::table table = parse_toml(text_of(file, "training"), whose);
  for (const TrainSetting& setting : settings) apply(table, setting);
  return read(table, whose, file.parent_path());
}

}  // namespace moe
