// How far the next-token distributions of a target are from those of another one, over texts: the
// divergence of Kullback and Leibler, and the share of positions whose likeliest token is the same.
// Of a page the text is itself; of a question, the question and its right answer.
//
// [axes] suite   = ["wikitext2"]             whose texts
//        against = ["@numerics=reference"]   another target, or the same with other keys
// [text] window  = 256                       tokens of the windows that texts are read in
#include <algorithm>
#include <array>
#include <cmath>

#include "harness/error.h"
#include "harness/statistics.h"
#include "models/engine/windows.h"
#include "models/target_keys.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asked_suite.h"
#include "suites/asking.h"
#include "suites/distributions.h"
#include "suites/facts.h"
#include "suites/pages.h"

namespace moe {
namespace {

constexpr Metric kDivergence = {"kl_divergence", "1", false, true};  // nats a token
constexpr Metric kAgreement = {"top1_agreement", "1", true, true};

constexpr auto kTextKeys = std::to_array<std::string_view>({"window"});
constexpr OptionTable kTables[] = {{"text", true, kTextKeys}};
constexpr auto kRead =
    std::to_array<std::string_view>({"perplexity", "multiple_choice", "continuation"});

std::string other_of(const Json& point, const std::string& target) {
  return other_target(target, point.at("against").get<std::string>());
}

void check(const Suite& suite) {
  const Json window = suite.options.at("text").value("window", Json());
  require(window.is_number_integer() && window >= 2, "[text]: window: expected 2 tokens or more");
  check_suite_axis(suite, kRead);
  const auto against = std::ranges::find(suite.axes, "against", &Axis::name);
  require(against != suite.axes.end() && suite.axes.size() == 2,
          "a divergence suite has the axes suite and against");
  for (const Json& value : against->values)
    require(value.is_string(), "axis against: {}: expected a target, or @key=value", value.dump());
}

/// One rolling request a text; of a question, what stands in front of its right answer, and that.
std::vector<Question> texts_of(const CaseTask& task, const Tokenizer& tokenizer) {
  const Suite asked = suite_at(task.point);
  CaseTask sub = task;
  sub.suite = &asked;
  sub.point = points(asked, {}).front();
  if (asked.kind == "perplexity") return pages_of(sub, tokenizer);
  std::vector<Question> out;
  for (Question& question : questions_of(sub, tokenizer)) {
    if (question.requests.empty()) continue;
    Request text = std::move(
        question.requests.at(static_cast<std::size_t>(std::stoll(question.document.target))));
    const std::vector<TokenId>& context = *text.context_ids;
    text.continuation_ids.insert(text.continuation_ids.begin(), context.begin() + 1, context.end());
    text.context_ids = std::vector{context.front()};
    text.kind = RequestKind::rolling;
    question.requests.clear();
    question.requests.push_back(std::move(text));
    out.push_back(std::move(question));
  }
  return out;
}

/// Error where the two do not read the same tokens.
void check_alike(const std::vector<Question>& mine, const std::vector<Question>& its,
                 const Engine& engine, const Engine& other) {
  require(engine.config().vocab == other.config().vocab,
          "vocabularies of {} and {} tokens: only distributions over the same ones can be compared",
          engine.config().vocab, other.config().vocab);
  require(mine.size() == its.size(), "the two read {} and {} texts", mine.size(), its.size());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const Request &a = mine[i].requests.at(0), &b = its[i].requests.at(0);
    require(a.context_ids == b.context_ids && a.continuation_ids == b.continuation_ids,
            "the tokenizers of the two read text {} {} differently", mine[i].document.task,
            mine[i].document.document);
  }
}

/// What is stored of a text: no answer is waited for.
Document compared(const Document& document, const Divergence& found) {
  Document out = document;
  out.facts_json =
      Json{{"tokens", found.tokens}, {"divergence", found.sum}, {"agreeing", found.agreeing}}
          .dump();
  return out;
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  const std::unique_ptr<Engine> other = task.open(other_of(task.point, task.target));
  const std::vector<Question> texts = texts_of(task, engine.tokenizer());
  check_alike(texts, texts_of(task, other->tokenizer()), engine, *other);
  const std::int64_t most =
      std::min({task.suite->options.at("text").at("window").get<std::int64_t>(),
                engine.capabilities().max_tokens, other->capabilities().max_tokens});
  std::int64_t done = 0;
  for (const Question& text : texts) {
    Divergence found;
    for (const Window& window : windows_of(text.requests.at(0), most)) {
      const std::vector<TokenId> ids = window.input();
      found.add(engine.logits(ids), other->logits(ids), window.targets.size());
      sink.send(Progress{task.case_key, done, std::ssize(texts), "texts"});
    }
    ++done;
    if (found.tokens > 0) sink.send(compared(text.document, found));
  }
  return {};
}

Value ratio(const Metric& metric, const std::vector<double>& sums,
            const std::vector<double>& tokens) {
  const Interval interval = ratio_interval(sums, tokens);
  return {&metric,       "",           mean(sums) / mean(tokens), std::max(interval.low, 0.0),
          interval.high, std::nan(""), std::ssize(sums)};
}

Summary summarise(const Suite&, const CaseRecord& record) {
  std::vector<double> sums, agreeing, tokens;
  for (const Document& document : record.documents) {
    sums.push_back(fact_of<double>(document, "divergence"));
    agreeing.push_back(fact_of<double>(document, "agreeing"));
    tokens.push_back(fact_of<double>(document, "tokens"));
  }
  if (tokens.empty())
    return {.values = {},
            .documents = {},
            .verdict = {Outcome::failed, "no text was compared"},
            .absent = {}};
  Value agreement = ratio(kAgreement, agreeing, tokens);
  agreement.high = std::min(agreement.high, 1.0);
  Summary summary;
  summary.values = {ratio(kDivergence, sums, tokens), agreement};
  return summary;
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  const auto window = task.suite->options.at("text").at("window").get<std::int64_t>();
  return plan_of(texts_of(task, tokenizer), std::min(window, max_tokens));
}

}  // namespace

extern const Kind divergence = {
    .name = "divergence",
    .timed = false,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = run,
    .summarise = summarise,
    .plan = plan,
    .splits = splits_at,
    .asked = [](const Suite&, const Json& point) { return suite_at(point); },
    .other_target = other_of,
};

}  // namespace moe
