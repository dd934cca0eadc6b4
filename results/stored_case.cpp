#include "results/stored_case.h"

#include <limits>

#include "harness/error.h"

namespace moe {
namespace {

std::int64_t integer(const Store& store, const Cell& cell) {
  const auto* value = std::get_if<std::int64_t>(&cell);
  require(value != nullptr, "{}: broken: expected a whole number, found \"{}\"",
          store.file().string(), to_text(cell));
  return *value;
}

double number(const Cell& cell) {
  const auto* value = std::get_if<double>(&cell);
  return value == nullptr ? std::numeric_limits<double>::quiet_NaN() : *value;
}

void read_questions(const Store& store, std::int64_t id, const std::string& key, CaseRecord& out) {
  const std::vector<Parameter> bound = {{"id", id}};
  for (const auto& r : store
                           .query("SELECT task, document, target, facts FROM document WHERE "
                                  "case_run = :id ORDER BY task, document",
                                  bound)
                           .rows) {
    out.documents.push_back(
        {key, to_text(r[0]), integer(store, r[1]), to_text(r[2]), to_text(r[3])});
  }
  const Table answers = store.query(
      "SELECT task, document, choice, filter, continuation, generated, log_likelihood, is_greedy, "
      "context_tokens, continuation_tokens, truncated_tokens, tokens_sha256, prompt_sha256 "
      "FROM answer WHERE case_run = :id ORDER BY task, document, choice, filter",
      bound);
  for (const auto& r : answers.rows) {
    out.answers.push_back({.case_key = key,
                           .task = to_text(r[0]),
                           .document = integer(store, r[1]),
                           .choice = integer(store, r[2]),
                           .filter = to_text(r[3]),
                           .continuation = to_text(r[4]),
                           .generated = to_text(r[5]),
                           .log_likelihood = number(r[6]),
                           .is_greedy = integer(store, r[7]) != 0,
                           .context_tokens = integer(store, r[8]),
                           .continuation_tokens = integer(store, r[9]),
                           .truncated_tokens = integer(store, r[10]),
                           .tokens_sha256 = to_text(r[11]),
                           .prompt_sha256 = to_text(r[12])});
  }
}

/// By launch: a number may come twice, where a process died and another carried on.
void read_samples(const Store& store, std::int64_t id, const std::string& key, CaseRecord& out) {
  const Table samples = store.query(
      "SELECT l.id, l.number, s.metric, s.scope, s.\"index\", s.value FROM sample s JOIN launch l "
      "ON l.id = s.launch "
      "WHERE s.case_run = :id ORDER BY l.number, l.id, s.metric, s.scope, s.\"index\"",
      {{"id", id}});
  std::int64_t launch = 0;
  for (const auto& r : samples.rows) {
    if (out.launches.empty() || integer(store, r[0]) != launch)
      out.launches.push_back({integer(store, r[1]), {}});
    launch = integer(store, r[0]);
    out.launches.back().samples.push_back(
        {key, to_text(r[2]), to_text(r[3]), integer(store, r[4]), number(r[5])});
  }
}

/// Answers to a document `d`: where its facts say how many there are, a choice without its context
/// and one that is asked again have answers of their own; else filters of a choice count once.
constexpr std::string_view kAnswered =
    "(SELECT iif(json_extract(d.facts, '$.answers') IS NULL, count(DISTINCT a.choice), count(*)) "
    "FROM answer a WHERE a.case_run = d.case_run AND a.task = d.task AND a.document = d.document)";

}  // namespace

std::map<std::int64_t, Verdict> read_ended_launches(const Store& store, std::int64_t case_run) {
  std::map<std::int64_t, Verdict> out;
  const Table table = store.query(
      "SELECT number, outcome, reason FROM case_launch WHERE case_run = :id", {{"id", case_run}});
  for (const auto& r : table.rows)
    out[integer(store, r[0])] = {outcome_of(to_text(r[1])), to_text(r[2])};
  return out;
}

CaseRecord::Member read_member(const Store& store, std::int64_t case_run) {
  const std::vector<Parameter> bound = {{"id", case_run}};
  const Table ended = store.query("SELECT outcome, reason FROM case_run WHERE id = :id", bound);
  CaseRecord::Member member{
      {outcome_of(to_text(ended.rows.at(0)[0])), to_text(ended.rows.at(0)[1])}, {}};
  const Table values = store.query(
      "SELECT m.name, v.estimate, v.standard_error, v.n FROM value v JOIN metric m ON m.id = "
      "v.metric WHERE v.case_run = :id AND v.scope = '' ORDER BY m.name",
      bound);
  for (const auto& r : values.rows)
    member.scores.push_back({to_text(r[0]), number(r[1]), number(r[2]), integer(store, r[3])});
  return member;
}

std::vector<CaseJob::Done> read_done(const Store& store, std::int64_t case_run) {
  const Table table = store.query(
      fmt::format("SELECT d.task, d.document FROM document d WHERE d.case_run = :id AND {} >= "
                  "coalesce(json_extract(d.facts, '$.answers'), json_extract(d.facts, "
                  "'$.choices'), 1) ORDER BY d.task, d.document",
                  kAnswered),
      {{"id", case_run}});
  std::vector<CaseJob::Done> done;
  done.reserve(table.rows.size());
  for (const auto& row : table.rows) done.push_back({to_text(row[0]), integer(store, row[1])});
  return done;
}

std::int64_t count_unanswered(const Store& store, std::int64_t case_run) {
  const Table table =
      store.query(fmt::format("SELECT count(*) FROM document d WHERE d.case_run = :id AND {} < "
                              "coalesce(json_extract(d.facts, '$.answers'), "
                              "json_extract(d.facts, '$.choices'))",
                              kAnswered),
                  {{"id", case_run}});
  return integer(store, table.rows.at(0).at(0));
}

CaseRecord read_case(const Store& store, std::int64_t case_run, const std::string& case_key) {
  CaseRecord out;
  read_questions(store, case_run, case_key, out);
  read_samples(store, case_run, case_key, out);
  for (const auto& r : store
                           .query("SELECT layer, expert, tokens FROM routing WHERE case_run = :id "
                                  "ORDER BY layer, expert",
                                  {{"id", case_run}})
                           .rows) {
    out.routing.push_back(
        {case_key, integer(store, r[0]), integer(store, r[1]), integer(store, r[2])});
  }
  return out;
}

}  // namespace moe
