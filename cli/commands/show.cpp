// show NOUN NAME: one thing in full.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "cli/store_word.h"
#include "datasets/dataset.h"
#include "harness/error.h"
#include "models/cost.h"
#include "models/target.h"
#include "suites/suite.h"

namespace moe {
namespace {

/// The comment that a suite file begins with, as one line.
std::string head_comment(std::string_view toml) {
  std::string out;
  while (toml.starts_with('#')) {
    const std::string_view line = toml.substr(0, toml.find('\n'));
    toml.remove_prefix(std::min(line.size() + 1, toml.size()));
    const std::size_t begin = std::min(line.find_first_not_of("# "), line.size());
    out += fmt::format("{}{}", out.empty() ? "" : " ", line.substr(begin));
  }
  return out;
}

Table suite(const std::string& name, const std::filesystem::path&) {
  const Suite s = find_suite(name);
  Table table{.columns = {"key", "value"},
              .rows = {{"name", s.name},
                       {"kind", s.kind},
                       {"version", s.version},
                       {"what", s.title},
                       {"about", head_comment(s.toml)},
                       {"sha256", s.sha256}}};
  if (!s.dataset.empty()) table.rows.push_back({"dataset", s.dataset + ", split " + s.split});
  for (const Axis& axis : s.axes)
    table.rows.push_back({"axis " + axis.name, Json(axis.values).dump()});
  for (const auto& [key, value] : s.options.items()) {
    for (const auto& [option, setting] : value.items())
      table.rows.push_back({fmt::format("{}.{}", key, option), setting.dump()});
  }
  return table;
}

Table dataset(const std::string& name, const std::filesystem::path&) {
  const Dataset& d = find_dataset(name);
  Table table{.columns = {"key", "value"},
              .rows = {{"name", d.name},
                       {"reader", d.reader},
                       {"source", d.source},
                       {"revision", d.revision},
                       {"licence", d.licence}}};
  for (const Split& s : d.splits)
    table.rows.push_back(
        {"split " + s.name, s.file + "  sha256 " + (s.sha256.empty() ? "not pinned" : s.sha256)});
  std::string subsets;
  for (const std::string& subset : d.subsets) subsets += (subsets.empty() ? "" : ", ") + subset;
  table.rows.push_back({"subsets", subsets});
  return table;
}

void add_parts(Table& table, const std::string& what, const ByPart& n) {
  const std::pair<const char*, std::int64_t> parts[] = {
      {"embedding", n.embedding}, {"attention", n.attention}, {"router", n.router},
      {"experts", n.experts},     {"head", n.head},           {"norms", n.norms}};
  for (const auto& [part, value] : parts) table.rows.push_back({what + " " + part, value});
  table.rows.push_back({what + " total", n.total()});
}

std::string rope_text(const RopeSpec& r) {
  std::string text = fmt::format("theta {}", r.theta);
  if (r.scaling == RopeScaling::none) return text;
  text += fmt::format(", {} of factor {}", name_of(r.scaling), r.factor);
  if (r.original_positions > 0) text += fmt::format(" over {} positions", r.original_positions);
  if (r.scaling == RopeScaling::longrope) text += r.is_long ? ", long factors" : ", short factors";
  return text;
}

Table target(const std::string& spec, const std::filesystem::path&) {
  const Target t = resolve_target(spec);
  const Config c = config_of(t);
  const KeptAs weights = kept_as(t, c);
  const FeedForwardSpec& ff = c.layers.front().feed_forward;
  const AttentionSpec& a = c.layers.front().attention;
  Table table{.columns = {"key", "value"},
              .rows = {{"name", t.name},
                       {"family", c.family},
                       {"directory", t.directory.string()},
                       {"dtype", std::string(name_of(weights.dtype))},
                       {"weights", std::string(name_of(weights))},
                       {"numerics", numerics_of(t)},
                       {"layers", static_cast<std::int64_t>(c.layers.size())},
                       {"dim", c.dim},
                       {"heads", fmt::format("{} query, {} key/value, width {}", a.heads,
                                             a.kv_heads, a.qk_dim)},
                       {"feed-forward",
                        ff.experts == 0 ? fmt::format("dense, width {}", ff.hidden)
                                        : fmt::format("{} experts, {} per token, width {}",
                                                      ff.experts, ff.experts_per_token, ff.hidden)},
                       {"vocabulary", c.vocab},
                       {"positions", c.max_positions},
                       {"rope", rope_text(a.rope)},
                       {"KV bytes per token", kv_bytes_per_token(c, activation_dtype_of(t, c))}}};
  add_parts(table, "parameters", parameter_counts(c));
  add_parts(table, "active parameters", active_parameter_counts(c));
  table.rows.push_back(
      {"active parameters with the whole embedding", active_parameters_with_embedding(c)});
  add_parts(table, "weight bytes", weight_bytes(c, weights));
  return table;
}

Table run_of(const std::string& id, const std::filesystem::path& db) {
  const Store store(db, Access::read_only);
  const Table table = store.query(
      "SELECT cr.ordinal + 1 AS \"case\", c.suite, t.name AS target, c.point, cr.outcome, "
      "cr.reason, cr.started_at, cr.ended_at FROM case_run cr "
      "JOIN \"case\" c ON c.id = cr.\"case\" JOIN target t ON t.id = c.target WHERE cr.run = "
      "CAST(:run AS INTEGER) ORDER BY cr.ordinal",
      {{"run", id}});
  require(!table.rows.empty(), "no run {} in {}; `moebench list runs` shows them", id, db.string());
  return table;
}

struct Noun {
  std::string_view name;
  Table (*show)(const std::string& name, const std::filesystem::path& db);
};

constexpr Noun kNouns[] = {
    {"suite", suite}, {"dataset", dataset}, {"target", target}, {"run", run_of}};

int run(const Arguments& arguments) {
  std::string noun, name, db;
  bool json = false;
  CLI::App app("Shows one thing in full.", "moebench show");
  app.add_option("noun", noun, "suite, dataset, target or run")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"suite", "dataset", "target", "run"}));
  app.add_option("name", name, "its name, or the run's number")->required();
  app.add_option("--db", db, "the store, for run");
  app.add_flag("--json", json, "JSON Lines");
  if (const auto code = parse(app, arguments)) return *code;
  const auto found = std::ranges::find(kNouns, noun, &Noun::name);
  print(found->show(name, store_file(db)), json, "nothing");
  return kDone;
}

}  // namespace

extern const Command show = {
    .name = "show", .summary = "one suite, dataset, target or run in full", .run = run};

}  // namespace moe
