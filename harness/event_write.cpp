#include "harness/event.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace moe {
namespace {

/// Numbers that JSON cannot write are null.
Json number(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
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
    return {{"event", "target"}, {"identity", e.identity}, {"load_s", number(e.load_s)}};
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
  Json operator()(const JobEnded&) const { return {{"event", "job_ended"}}; }
  Json operator()(const LogLine& e) const {
    return {{"event", "log"}, {"level", e.level}, {"text", e.text}};
  }
};

}  // namespace

std::string to_line(const Event& event) {
  return dump(std::visit(Writer{}, event));
}

std::string to_line(const Job& job) {
  Json cases = Json::array();
  for (const CaseJob& c : job.cases) {
    Json done = Json::array();
    for (const CaseJob::Done& d : c.done) done.push_back(Json::array({d.task, d.document}));
    cases.push_back({{"case", c.case_key},
                     {"suite", c.suite_toml},
                     {"folder", c.suite_folder},
                     {"suite_name", c.suite_name},
                     {"point", c.point_json},
                     {"done", done}});
  }
  return dump({{"protocol", job.protocol},
               {"target", job.target},
               {"launch", job.launch},
               {"limit", job.limit},
               {"data_root", job.data_root},
               {"timeout_s", job.timeout_s},
               {"cases", cases}});
}

}  // namespace moe
