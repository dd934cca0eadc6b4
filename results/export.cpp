#include "results/export.h"

#include <map>
#include <set>
#include <nlohmann/json.hpp>

#include "harness/error.h"
#include "results/connection.h"
#include "results/export_choice.h"

namespace moe {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// While it lives, all queries see one moment of the store, whatever others write meanwhile. A
/// savepoint, since it may stand inside a transaction.
class OneMoment {
 public:
  explicit OneMoment(const Store& store) : db_(store.connection().db) {
    with_sqlite(store.file(), [&] { db_.exec("SAVEPOINT one_moment"); });
  }
  ~OneMoment() { sqlite3_exec(db_.getHandle(), "RELEASE one_moment", nullptr, nullptr, nullptr); }
  OneMoment(const OneMoment&) = delete;
  OneMoment& operator=(const OneMoment&) = delete;

 private:
  SQLite::Database& db_;
};

OrderedJson json_of(const Cell& cell) {
  return std::visit([](const auto& value) { return OrderedJson(value); }, cell);
}

void write(std::ostream& out, const OrderedJson& line) {
  out << line.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) << "\n";
}

void write_run(const Store& store, std::int64_t run, std::int64_t target, std::ostream& out) {
  const Table about = store.query(
      "SELECT r.build, r.started_at, r.command, nullif(r.question_limit, -1), t.spec, t.name, "
      "t.identity FROM run r JOIN target t ON t.id = :target WHERE r.id = :run",
      {{"run", run}, {"target", target}});
  require(!about.rows.empty(), "run {} is not there", run);
  const auto& r = about.rows.front();
  write(out, {{"kind", "run"},
              {"moebench", json_of(r[0])},
              {"started_at", json_of(r[1])},
              {"command", json_of(r[2])},
              {"limit", json_of(r[3])},
              {"model", json_of(r[4])},
              {"target", json_of(r[5])},
              {"identity", json_of(r[6])}});
}

/// The fields of one request, in the order and with the absences of the harness's export: a page
/// of a perplexity suite has no greedy flag and is its own continuation, a generated text has no
/// numbers.
OrderedJson request_line(const ExportedCase& c, const std::vector<Cell>& r) {
  const bool rolling = c.kind == "perplexity", graded = to_text(r[12]) == "1";
  const bool is_generated = !to_text(r[11]).empty();
  OrderedJson line = {{"kind", rolling && !graded ? "chunk" : "request"},
                      {"task", to_text(r[0])},
                      {"doc", json_of(r[1])},
                      {"choice", json_of(r[2])},
                      {"context_tokens", json_of(r[3])},
                      {"continuation_tokens", json_of(r[4])},
                      {"tokens_sha256", json_of(r[5])}};
  if (is_generated) {
    line["generated"] = to_text(r[11]);
  } else {
    if (!rolling) line["continuation"] = to_text(r[6]);
    line["loglikelihood"] = json_of(r[7]);
    if (!rolling) line["is_greedy"] = to_text(r[8]) == "1";
  }
  line["prompt_sha256"] = json_of(r[9]);
  line["truncated_tokens"] = json_of(r[10]);
  return line;
}

/// One line per choice, whatever the number of filters that read its text.
void write_requests(const Store& store, const ExportedCase& c, std::ostream& out) {
  const Table table = store.query(
      "SELECT a.task, a.document, a.choice, a.context_tokens, a.continuation_tokens, "
      "a.tokens_sha256, a.continuation, a.log_likelihood, a.is_greedy, a.prompt_sha256, "
      "a.truncated_tokens, a.generated, d.metrics IS NOT NULL, min(iif(a.filter = 'none', '', "
      "a.filter)) "
      "FROM answer a JOIN document d USING (case_run, task, document) WHERE a.case_run = :id "
      "GROUP BY a.task, a.document, a.choice ORDER BY a.task, a.document, a.choice",
      {{"id", c.case_run}});
  for (const auto& r : table.rows) write(out, request_line(c, r));
}

void write_documents(const Store& store, const ExportedCase& c, std::ostream& out) {
  const Table table = store.query(
      "SELECT task, document, target, metrics FROM document WHERE case_run = :id AND metrics IS "
      "NOT NULL ORDER BY task, document",
      {{"id", c.case_run}});
  for (const auto& r : table.rows) {
    OrderedJson line = {
        {"kind", "doc"}, {"task", to_text(r[0])}, {"doc", json_of(r[1])}, {"filter", "none"}};
    const std::string gold = to_text(r[2]);
    if (c.kind == "multiple_choice" || c.kind == "sparsity") {
      line["target"] = OrderedJson::parse(gold);  // the number of a choice
    } else if (!gold.empty()) {
      line["target"] = gold;  // a text, though it may read "42"
    }
    line["metrics"] = OrderedJson::parse(to_text(r[3]));
    write(out, line);
  }
}

/// The leaf tasks of a case that were graded.
std::set<std::string> tasks_of(const Store& store, const ExportedCase& c) {
  std::set<std::string> tasks;
  for (const auto& row : store
                             .query("SELECT DISTINCT task FROM document WHERE case_run = :id AND "
                                    "metrics IS NOT NULL",
                                    {{"id", c.case_run}})
                             .rows)
    tasks.insert(to_text(row[0]));
  return tasks;
}

/// One line per task and group, with all its scores: the metrics that single questions have too. A
/// perplexity suite may read texts that are not graded one by one (chunks); there, what is told of
/// layers is no score, and the rest is.
void write_scores(const Store& store, const ExportedCase& c, std::ostream& out) {
  const std::set<std::string> tasks = tasks_of(store, c);
  const Table table = store.query(
      "SELECT v.scope, m.name, v.estimate, v.standard_error, v.n FROM value v JOIN metric m ON "
      "m.id = v.metric WHERE v.case_run = :id AND v.scope NOT LIKE 'layer.%' AND (m.name IN "
      "(SELECT j.key FROM document d, json_each(d.metrics) j WHERE d.case_run = :id) OR (:chunks "
      "AND v.metric NOT IN (SELECT metric FROM value WHERE case_run = :id AND scope LIKE "
      "'layer.%'))) ORDER BY v.scope, m.name",
      {{"id", c.case_run}, {"chunks", std::int64_t{c.kind == "perplexity"}}});
  std::map<std::string, OrderedJson> lines;
  for (const auto& r : table.rows) {
    const std::string scope = to_text(r[0]), metric = to_text(r[1]);
    const std::string name = !scope.empty()      ? scope
                             : tasks.size() == 1 ? *tasks.begin()  // the whole is the one task
                                                 : c.suite;
    OrderedJson& line = lines[name];
    if (line.is_null()) {
      line = {{"kind", tasks.contains(name) ? "task" : "group"},
              {"task", name},
              {"n", json_of(r[4])},
              {"version", c.version},
              {"shots", c.shots},
              {"metrics", OrderedJson::object()}};
    }
    const bool defined = !std::holds_alternative<std::nullptr_t>(r[3]);
    line["metrics"][metric + ",none"] = json_of(r[2]);
    line["metrics"][metric + "_stderr,none"] = defined ? json_of(r[3]) : OrderedJson("N/A");
  }
  for (const auto& [name, line] : lines) write(out, line);
}

}  // namespace

void export_samples(const Store& store, std::int64_t run, const ExportChoice& choice,
                    std::ostream& out) {
  const OneMoment moment(store);
  const Exported chosen = choose(store, run, choice);
  try {
    write_run(store, run, chosen.target, out);
    for (const ExportedCase& c : chosen.cases) write_requests(store, c, out);
    for (const ExportedCase& c : chosen.cases) write_documents(store, c, out);
    for (const ExportedCase& c : chosen.cases) write_scores(store, c, out);
  } catch (const nlohmann::json::exception& error) {
    throw Error(
        fmt::format("{}: run {}: a cell is no JSON: {}", store.file().string(), run, error.what()),
        std::source_location::current());
  }
}

}  // namespace moe
