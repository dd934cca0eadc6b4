#include "results/export.h"

#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson json_of(const Cell& cell) {
  return std::visit([](const auto& value) { return OrderedJson(value); }, cell);
}

void write(std::ostream& out, const OrderedJson& line) {
  out << line.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << "\n";
}

std::vector<Parameter> chosen(const Store& store, std::int64_t run, const std::string& target) {
  const Table targets = store.query(
      "SELECT DISTINCT t.id, t.name FROM case_run cr JOIN \"case\" c ON c.id = cr.\"case\" JOIN "
      "target t ON t.id = c.target WHERE cr.run = :run ORDER BY t.id",
      {{"run", run}});
  require(!targets.rows.empty(), "no run {} in {}", run, store.file().string());
  std::string known;
  for (const auto& row : targets.rows) {
    if (to_text(row[1]) == target || (target.empty() && targets.rows.size() == 1))
      return {{"run", run}, {"target", row[0]}};
    known += fmt::format("{}{}", known.empty() ? "" : ", ", to_text(row[1]));
  }
  throw Error(
      fmt::format("run {}: {} \"{}\"; its targets are {}", run,
                  target.empty() ? "name one with --target, found" : "no target", target, known),
      std::source_location::current());
}

constexpr std::string_view kFrom =
    " JOIN case_run cr ON cr.id = x.case_run JOIN \"case\" c ON c.id = cr.\"case\" WHERE cr.run = "
    ":run AND c.target = :target ";

void write_requests(const Store& store, const std::vector<Parameter>& which, std::ostream& out) {
  const Table table =
      store.query(fmt::format("SELECT x.task, x.document, x.choice, x.continuation, x.generated, "
                              "x.log_likelihood, x.is_greedy, x.context_tokens, "
                              "x.continuation_tokens, x.tokens_sha256, x.prompt_sha256, "
                              "x.truncated_tokens, s.kind FROM answer x{} "
                              "ORDER BY cr.ordinal, x.task, x.document, x.choice",
                              " JOIN case_run cr ON cr.id = x.case_run JOIN suite s ON s.id = "
                              "cr.suite JOIN \"case\" c ON c.id = cr.\"case\" "
                              "WHERE cr.run = :run AND c.target = :target"),
                  which);
  for (const auto& r : table.rows) {
    const bool rolling = to_text(r[12]) == "perplexity";
    OrderedJson line = {{"kind", "request"},
                        {"task", to_text(r[0])},
                        {"doc", json_of(r[1])},
                        {"choice", json_of(r[2])},
                        {"context_tokens", json_of(r[7])},
                        {"continuation_tokens", json_of(r[8])},
                        {"tokens_sha256", json_of(r[9])}};
    if (!rolling) line["continuation"] = to_text(r[3]);
    line["loglikelihood"] = json_of(r[5]);
    if (!rolling) line["is_greedy"] = std::get<std::int64_t>(r[6]) != 0;
    line["prompt_sha256"] = json_of(r[10]);
    line["truncated_tokens"] = json_of(r[11]);
    write(out, line);
  }
}

void write_documents(const Store& store, const std::vector<Parameter>& which, std::ostream& out) {
  const Table table =
      store.query(fmt::format("SELECT x.task, x.document, x.target, x.metrics FROM document x{}AND "
                              "x.metrics IS NOT NULL ORDER BY cr.ordinal, x.task, x.document",
                              kFrom),
                  which);
  for (const auto& r : table.rows) {
    OrderedJson line = {
        {"kind", "doc"}, {"task", to_text(r[0])}, {"doc", json_of(r[1])}, {"filter", "none"}};
    const std::string target = to_text(r[2]);
    const OrderedJson gold = OrderedJson::parse(target, nullptr, /*allow_exceptions=*/false);
    if (!target.empty()) line["target"] = gold.is_number() ? gold : OrderedJson(target);
    line["metrics"] = OrderedJson::parse(to_text(r[3]));
    write(out, line);
  }
}

void write_values(const Store& store, const std::vector<Parameter>& which, std::ostream& out) {
  const Table table = store.query(
      "SELECT r.suite, r.suite_version, r.scope, r.metric, r.estimate, r.standard_error, r.n FROM "
      "result r WHERE r.run = :run AND r.target = :target AND r.kind IN ('multiple_choice', "
      "'perplexity') "
      "ORDER BY r.ordinal, r.scope, r.metric",
      which);
  for (const auto& r : table.rows) {
    const std::string scope = to_text(r[2]), metric = to_text(r[3]);
    OrderedJson metrics = {{metric + ",none", json_of(r[4])},
                           {metric + "_stderr,none", json_of(r[5])}};
    write(out, {{"kind", scope.empty() ? "group" : "task"},
                {"task", scope.empty() ? to_text(r[0]) : scope},
                {"n", json_of(r[6])},
                {"version", json_of(r[1])},
                {"metrics", metrics}});
  }
}

}  // namespace

void export_samples(const Store& store, std::int64_t run, const std::string& target,
                    std::ostream& out) {
  const std::vector<Parameter> which = chosen(store, run, target);
  const Table about = store.query(
      "SELECT r.build, r.started_at, r.command, r.question_limit, t.spec, t.identity FROM run r "
      "JOIN target t ON t.id = :target WHERE r.id = :run",
      which);
  const auto& r = about.rows.at(0);
  write(out, {{"kind", "run"},
              {"moebench", json_of(r[0])},
              {"started_at", json_of(r[1])},
              {"command", json_of(r[2])},
              {"limit", json_of(r[3])},
              {"model", json_of(r[4])},
              {"identity", json_of(r[5])}});
  write_requests(store, which, out);
  write_documents(store, which, out);
  write_values(store, which, out);
}

}  // namespace moe
