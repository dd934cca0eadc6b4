#include "harness/event.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

/// Numbers that JSON cannot write are null.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

double number_of(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

struct Writer {
  Json operator()(const Hello& e) const {
    return {{"event", "hello"},
            {"protocol", e.protocol},
            {"build", e.build},
            {"rank", e.rank},
            {"world_size", e.world_size}};
  }
  Json operator()(const TargetLoaded& e) const {
    return {{"event", "target"},
            {"identity", e.identity},
            {"facts", e.facts_json},
            {"load_s", number(e.load_s)}};
  }
  Json operator()(const CaseStarted& e) const {
    return {{"event", "case_started"}, {"case", e.case_key}};
  }
  Json operator()(const Document& e) const {
    return {{"event", "document"},    {"case", e.case_key}, {"task", e.task},
            {"document", e.document}, {"target", e.target}, {"facts", e.facts_json}};
  }
  Json operator()(const Answer& e) const {
    return {{"event", "answer"},
            {"case", e.case_key},
            {"task", e.task},
            {"document", e.document},
            {"choice", e.choice},
            {"filter", e.filter},
            {"continuation", e.continuation},
            {"generated", e.generated},
            {"log_likelihood", number(e.log_likelihood)},
            {"is_greedy", e.is_greedy},
            {"context_tokens", e.context_tokens},
            {"continuation_tokens", e.continuation_tokens},
            {"truncated_tokens", e.truncated_tokens},
            {"tokens_sha256", e.tokens_sha256},
            {"prompt_sha256", e.prompt_sha256}};
  }
  Json operator()(const Sample& e) const {
    return {{"event", "sample"}, {"case", e.case_key}, {"metric", e.metric},
            {"scope", e.scope},  {"index", e.index},   {"value", number(e.value)}};
  }
  Json operator()(const RoutingCount& e) const {
    return {{"event", "routing"},
            {"case", e.case_key},
            {"layer", e.layer},
            {"expert", e.expert},
            {"tokens", e.tokens}};
  }
  Json operator()(const Progress& e) const {
    return {{"event", "progress"},
            {"case", e.case_key},
            {"done", e.done},
            {"total", e.total},
            {"unit", e.unit}};
  }
  Json operator()(const CaseEnded& e) const {
    return {{"event", "case_ended"},
            {"case", e.case_key},
            {"outcome", name_of(e.verdict.outcome)},
            {"reason", e.verdict.reason}};
  }
  Json operator()(const LogLine& e) const {
    return {{"event", "log"}, {"level", e.level}, {"text", e.text}};
  }
};

template <typename T>
void read(const Json& j, const char* key, T& value) {
  j.at(key).get_to(value);
}

Event read_hello(const Json& j) {
  Hello e;
  read(j, "protocol", e.protocol);
  read(j, "build", e.build);
  read(j, "rank", e.rank);
  read(j, "world_size", e.world_size);
  return e;
}

Event read_target(const Json& j) {
  TargetLoaded e;
  read(j, "identity", e.identity);
  read(j, "facts", e.facts_json);
  e.load_s = number_of(j, "load_s");
  return e;
}

Event read_case_started(const Json& j) {
  return CaseStarted{j.at("case")};
}

Event read_document(const Json& j) {
  Document e;
  read(j, "case", e.case_key);
  read(j, "task", e.task);
  read(j, "document", e.document);
  read(j, "target", e.target);
  read(j, "facts", e.facts_json);
  return e;
}

Event read_answer(const Json& j) {
  Answer e;
  read(j, "case", e.case_key);
  read(j, "task", e.task);
  read(j, "document", e.document);
  read(j, "choice", e.choice);
  read(j, "filter", e.filter);
  read(j, "continuation", e.continuation);
  read(j, "generated", e.generated);
  e.log_likelihood = number_of(j, "log_likelihood");
  read(j, "is_greedy", e.is_greedy);
  read(j, "context_tokens", e.context_tokens);
  read(j, "continuation_tokens", e.continuation_tokens);
  read(j, "truncated_tokens", e.truncated_tokens);
  read(j, "tokens_sha256", e.tokens_sha256);
  read(j, "prompt_sha256", e.prompt_sha256);
  return e;
}

Event read_sample(const Json& j) {
  Sample e;
  read(j, "case", e.case_key);
  read(j, "metric", e.metric);
  read(j, "scope", e.scope);
  read(j, "index", e.index);
  e.value = number_of(j, "value");
  return e;
}

Event read_routing(const Json& j) {
  RoutingCount e;
  read(j, "case", e.case_key);
  read(j, "layer", e.layer);
  read(j, "expert", e.expert);
  read(j, "tokens", e.tokens);
  return e;
}

Event read_progress(const Json& j) {
  Progress e;
  read(j, "case", e.case_key);
  read(j, "done", e.done);
  read(j, "total", e.total);
  read(j, "unit", e.unit);
  return e;
}

Event read_case_ended(const Json& j) {
  return CaseEnded{j.at("case"), {outcome_of(j.at("outcome").get<std::string>()), j.at("reason")}};
}

Event read_log(const Json& j) {
  return LogLine{j.at("level"), j.at("text")};
}

struct EventReader {
  std::string_view name;
  Event (*read)(const Json&);
};

constexpr EventReader kReaders[] = {
    {"hello", read_hello},       {"target", read_target},     {"case_started", read_case_started},
    {"document", read_document}, {"answer", read_answer},     {"sample", read_sample},
    {"routing", read_routing},   {"progress", read_progress}, {"case_ended", read_case_ended},
    {"log", read_log},
};

/// The start of a line, for an error message.
std::string shown(std::string_view line) {
  constexpr std::size_t kShown = 160;
  return std::string(line.substr(0, kShown)) + (line.size() > kShown ? "..." : "");
}

}  // namespace

std::string to_line(const Event& event) {
  return dump(std::visit(Writer{}, event));
}

Event parse_event(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    const std::string name = json.at("event");
    for (const EventReader& reader : kReaders) {
      if (reader.name == name) return reader.read(json);
    }
    throw Error(fmt::format("unknown event \"{}\"", name), std::source_location::current());
  } catch (const Json::exception& error) {
    throw Error(fmt::format("not an event line ({}): {}", error.what(), shown(line)),
                std::source_location::current());
  }
}

std::string to_line(const Job& job) {
  Json cases = Json::array();
  for (const CaseJob& c : job.cases) {
    Json done = Json::array();
    for (const CaseJob::Done& d : c.done) done.push_back(Json::array({d.task, d.document}));
    cases.push_back({{"case", c.case_key},
                     {"suite", c.suite_toml},
                     {"suite_name", c.suite_name},
                     {"point", c.point_json},
                     {"done", done}});
  }
  return dump({{"protocol", job.protocol},
               {"target", job.target},
               {"launch", job.launch},
               {"limit", job.limit},
               {"data_root", job.data_root},
               {"cases", cases}});
}

Job parse_job(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    Job job;
    read(json, "protocol", job.protocol);
    require(job.protocol == kProtocolVersion, "the job has protocol {}, this worker speaks {}",
            job.protocol, kProtocolVersion);
    read(json, "target", job.target);
    read(json, "launch", job.launch);
    read(json, "limit", job.limit);
    read(json, "data_root", job.data_root);
    for (const Json& c : json.at("cases")) {
      CaseJob& out = job.cases.emplace_back();
      read(c, "case", out.case_key);
      read(c, "suite", out.suite_toml);
      read(c, "suite_name", out.suite_name);
      read(c, "point", out.point_json);
      for (const Json& d : c.at("done")) out.done.push_back({d.at(0), d.at(1)});
    }
    return job;
  } catch (const Json::exception& error) {
    throw Error(fmt::format("not a job line ({}): {}", error.what(), shown(line)),
                std::source_location::current());
  }
}

}  // namespace moe
