#include "lab/train_config.h"

#include <array>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>

#include "harness/error.h"
#include "harness/toml_reader.h"
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

/// Puts VALUE at "table.key", or at "key".
void apply(toml::table& table, const TrainSetting& setting) {
  const auto& [path, value] = setting;
  toml::table parsed = parse_toml("value = " + value, fmt::format("--set {}={}", path, value));
  const std::size_t dot = path.find('.');
  toml::table* place = &table;
  if (dot != std::string::npos) {
    const std::string name = path.substr(0, dot);
    if (!table.contains(name)) table.insert(name, toml::table());
    place = table[name].as_table();
    require(place != nullptr, "--set {}: {} is no table of the file", path, name);
  }
  place->insert_or_assign(path.substr(dot == std::string::npos ? 0 : dot + 1),
                          std::move(*parsed.get("value")));
}

/// A table of the file that may be missing: all its keys have defaults then.
class Section {
 public:
  Section(const TableReader& root, const std::string& whose, std::string_view name,
          std::span<const std::string_view> keys) {
    if (const toml::table* table = root.sub(name)) {
      reader_.emplace(whose, *table);
      reader_->only(keys);
    }
  }

  bool given() const { return reader_.has_value(); }
  const TableReader& reader() const { return required(reader_, "the table is missing"); }

  void number(std::string_view key, double& value, double least) const {
    if (reader_) value = reader_->get_or<double>(key, value, "a number");
    require(value >= least, "{} = {}: expected at least {}", key, value, least);
  }
  void whole(std::string_view key, std::int64_t& value, std::int64_t least) const {
    if (reader_) value = reader_->get_or<std::int64_t>(key, value, "a whole number");
    require(value >= least, "{} = {}: expected at least {}", key, value, least);
  }
  void word(std::string_view key, std::string& value) const {
    if (reader_) value = reader_->get_or<std::string>(key, value, "a name");
  }

 private:
  std::optional<TableReader> reader_;
};

DataSettings read_data(const TableReader& root, const std::string& whose) {
  const Section section(
      root, whose, "data",
      std::to_array<std::string_view>({"corpus", "corpus_seed", "tokens", "row_tokens", "rows"}));
  DataSettings data;
  section.word("corpus", data.corpus);
  require(data.corpus == "world", "[data]: corpus \"{}\": the one there is is \"world\"",
          data.corpus);
  section.whole("corpus_seed", data.corpus_seed, 0);
  section.whole("tokens", data.tokens, 1);
  section.whole("row_tokens", data.row_tokens, 2);
  section.whole("rows", data.rows, 1);
  return data;
}

/// One number, or a list of them: a grid.
std::vector<double> read_learning_rates(const Section& section, const toml::table& table) {
  std::vector<double> rates;
  const toml::node* node = table.at_path("optimizer.learning_rate").node();
  if (const toml::array* list = node != nullptr ? node->as_array() : nullptr) {
    for (const toml::node& value : *list)
      rates.push_back(required(value.value<double>(), "{}: learning_rate: expected numbers",
                               section.reader().at(value)));
  } else {
    rates.push_back(section.reader().get<double>("learning_rate", "a number or a list of numbers"));
  }
  require(!rates.empty(), "{}: learning_rate: an empty list", section.reader().at(*node));
  for (const double rate : rates)
    require(rate > 0 && std::isfinite(rate), "learning_rate {}: expected more than 0", rate);
  return rates;
}

OptimizerSettings read_optimizer(const TableReader& root, const std::string& whose,
                                 const toml::table& table) {
  const Section section(
      root, whose, "optimizer",
      std::to_array<std::string_view>({"learning_rate", "beta1", "beta2", "epsilon", "weight_decay",
                                       "clip", "warmup_steps", "final_share"}));
  require(section.given(), "{}: table [optimizer] is missing", whose);
  OptimizerSettings optimizer;
  optimizer.learning_rates = read_learning_rates(section, table);
  section.number("beta1", optimizer.beta1, 0);
  section.number("beta2", optimizer.beta2, 0);
  require(optimizer.beta1 < 1 && optimizer.beta2 < 1, "beta1 {}, beta2 {}: expected less than 1",
          optimizer.beta1, optimizer.beta2);
  section.number("epsilon", optimizer.epsilon, 0);
  section.number("weight_decay", optimizer.weight_decay, 0);
  section.number("clip", optimizer.clip, 1e-9);
  section.whole("warmup_steps", optimizer.warmup_steps, 0);
  section.number("final_share", optimizer.final_share, 0);
  return optimizer;
}

RouterSettings read_router(const TableReader& root, const std::string& whose) {
  const Section section(root, whose, "router",
                        std::to_array<std::string_view>({"balance", "z", "jitter", "capacity"}));
  RouterSettings router;
  section.number("balance", router.balance, 0);
  section.number("z", router.z, 0);
  section.number("jitter", router.jitter, 0);
  section.number("capacity", router.capacity, 0);
  return router;
}

RunSettings read_run(const TableReader& root, const std::string& whose) {
  const Section section(root, whose, "run",
                        std::to_array<std::string_view>(
                            {"threads", "evaluate_every", "checkpoint_minutes", "dtype"}));
  RunSettings run;
  std::string dtype(name_of(run.dtype));
  section.whole("threads", run.threads, 1);
  section.whole("evaluate_every", run.evaluate_every, 1);
  section.number("checkpoint_minutes", run.checkpoint_minutes, 0);
  section.word("dtype", dtype);
  run.dtype = dtype_of(dtype);
  return run;
}

std::string canonical(const toml::table& table) {
  std::ostringstream text;
  text << table;
  return text.str();
}

TrainConfig read(const toml::table& table, const std::string& whose, const fs::path& folder) {
  const TableReader root(whose, table);
  root.only(std::to_array<std::string_view>(
      {"name", "config", "tokenizer", "seed", "data", "optimizer", "router", "run"}));
  TrainConfig config;
  config.name = root.get<std::string>("name", "a name");
  const fs::path json = folder / root.get<std::string>("config", "the path of a config.json");
  config.model_json = Json::parse(text_of(json, "config"), nullptr, /*allow_exceptions=*/false);
  require(config.model_json.is_object(), "config {}: expected a JSON object", json.string());
  config.model = read_config(config.model_json, json.string());
  config.tokenizer = folder / root.get<std::string>("tokenizer", "the path of a tokenizer.json");
  config.seed = root.get_or<std::int64_t>("seed", 1, "a whole number");
  config.data = read_data(root, whose);
  config.optimizer = read_optimizer(root, whose, table);
  config.router = read_router(root, whose);
  config.run = read_run(root, whose);
  require(config.data.row_tokens <= config.model.max_positions,
          "[data]: row_tokens = {}: the model takes {}", config.data.row_tokens,
          config.model.max_positions);
  const std::int64_t steps = steps_of(config), warmup = config.optimizer.warmup_steps;
  require(
      warmup < steps,
      "[optimizer]: warmup_steps = {}: the training has {} steps ([data]: tokens = {}, {} a step)",
      warmup, steps, config.data.tokens, tokens_per_step(config));
  require(config.model.is_mixture() || !table.contains("router"),
          "[router]: the model has no mixture of experts");
  config.toml = canonical(table);
  toml::table one_rate = table;
  one_rate["optimizer"].as_table()->erase("learning_rate");
  config.but_learning_rates = canonical(one_rate);
  return config;
}

}  // namespace

TrainConfig read_train_config(const fs::path& file, const std::vector<TrainSetting>& settings) {
  const std::string whose = file.string();
  toml::table table = parse_toml(text_of(file, "training"), whose);
  try {
    for (const TrainSetting& setting : settings) apply(table, setting);
    return read(table, whose, file.parent_path());
  } catch (const Error& error) {
    throw error.while_doing(whose);
  }
}

}  // namespace moe
