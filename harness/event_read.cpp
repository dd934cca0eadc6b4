#include "harness/event.h"

#include <limits>
#include <type_traits>
#include <utility>
#include <nlohmann/json.hpp>

#include "harness/error.h"

namespace moe {
namespace {

double number_of(const Json& json, const char* key) {
  const Json& value = json.at(key);
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

template <typename T>
void read(const Json& j, const char* key, T& value) {
  const Json& found = j.at(key);
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    const bool whole = found.is_number_integer();
    const bool fits =
        whole && (found.is_number_unsigned() ? std::in_range<T>(found.get<std::uint64_t>())
                                             : std::in_range<T>(found.get<std::int64_t>()));
    require(fits, "field \"{}\": expected a whole number in range, found {}", key, found.dump());
  }
  found.get_to(value);
}

Event read_hello(const Json& j) {
  Hello e;
  read(j, "protocol", e.protocol);
  if (e.protocol != kProtocolVersion) return e;  // its other fields are not ours to know
  read(j, "build", e.build);
  read(j, "rank", e.rank);
  read(j, "world_size", e.world_size);
  return e;
}

Event read_target(const Json& j) {
  TargetLoaded e;
  read(j, "identity", e.identity);
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

Event read_job_ended(const Json&) {
  return JobEnded{};
}

Event read_log(const Json& j) {
  return LogLine{j.at("level"), j.at("text")};
}

struct EventReader {
  std::string_view name;
  Event (*read)(const Json&);
};

constexpr EventReader kReaders[] = {
    {"hello", read_hello},         {"target", read_target},     {"case_started", read_case_started},
    {"document", read_document},   {"answer", read_answer},     {"sample", read_sample},
    {"routing", read_routing},     {"progress", read_progress}, {"case_ended", read_case_ended},
    {"job_ended", read_job_ended}, {"log", read_log},
};

/// The start of a line, for an error message.
std::string shown(std::string_view line) {
  constexpr std::size_t kShown = 160;
  return std::string(line.substr(0, kShown)) + (line.size() > kShown ? "..." : "");
}

}  // namespace

Event parse_event(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    const std::string name = json.at("event");
    for (const EventReader& reader : kReaders) {
      if (reader.name == name) return reader.read(json);
    }
    throw Error(fmt::format("unknown event \"{}\": {}", name, shown(line)),
                std::source_location::current());
  } catch (const Json::exception& error) {
    throw Error(fmt::format("not an event line ({}): {}", error.what(), shown(line)),
                std::source_location::current());
  }
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
    read(json, "timeout_s", job.timeout_s);
    for (const Json& c : json.at("cases")) {
      CaseJob& out = job.cases.emplace_back();
      read(c, "case", out.case_key);
      read(c, "suite", out.suite_toml);
      if (c.contains("folder")) read(c, "folder", out.suite_folder);
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
