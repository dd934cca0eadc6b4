#include "suites/excluded.h"

#include <cmath>

#include "harness/error.h"
#include "suites/facts.h"

namespace moe {
namespace {

constexpr Metric kExcluded = {"excluded_questions", "1", false, true};

Json may_exclude(const Suite& suite) {
  return suite.options.value("score", Json::object()).value("may_exclude", Json(0));
}

}  // namespace

void exclude(Question& question, const std::string& reason) {
  Json facts = facts_of(question.document);
  facts.erase("choices");  // no answer is waited for
  facts.erase("answers");
  facts["excluded"] = reason;
  question.document.facts_json = facts.dump(-1, ' ', false, Json::error_handler_t::replace);
  question.requests.clear();
  question.unconditional = 0;
}

void exclude_too_long(std::vector<Question>& questions, std::int64_t max_tokens) {
  for (Question& question : questions) {
    for (const Request& request : question.requests) {
      const std::int64_t length = std::ssize(request.continuation_ids);
      if (request.kind != RequestKind::log_likelihood || length <= max_tokens) continue;
      exclude(question, fmt::format("a continuation of {} tokens is longer than the model's {}",
                                    length, max_tokens));
      break;
    }
  }
}

void add_excluded(const Suite& suite, const CaseRecord& record, Summary& summary) {
  std::int64_t count = 0;
  const Document* first = nullptr;
  for (const Document& document : record.documents) {
    if (!facts_of(document).contains("excluded")) continue;
    if (first == nullptr) first = &document;
    ++count;
  }
  if (first == nullptr) return;
  const auto n = std::ssize(record.documents);
  const auto x = static_cast<double>(count);
  summary.values.push_back({&kExcluded, "", x, x, x, std::nan(""), n});
  if (count <= may_exclude(suite).get<std::int64_t>()) return;
  summary.verdict = {
      Outcome::wrong,
      fmt::format("{} of {} questions could not be asked, so the scores are of the others; the "
                  "first is {} {}: {}",
                  count, n, first->task, first->document,
                  fact_of<std::string>(*first, "excluded"))};
}

void check_may_exclude(const Suite& suite) {
  const Json most = may_exclude(suite);
  require(most.is_number_integer() && most >= 0,
          "[score]: may_exclude {}: expected how many questions may be left out", most.dump());
}

}  // namespace moe
