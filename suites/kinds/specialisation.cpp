// Specialisation: which experts a mixture gives the last token of every question's prompt, where
// the answer begins. They are a fact of the stored question ("experts", a list of each layer); what
// they say about the question's subject and attribute is computed from there.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "harness/error.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asked_suite.h"
#include "suites/asking.h"
#include "suites/facts.h"
#include "suites/grading.h"
#include "suites/information.h"

namespace moe {
namespace {

// Deterministic: questions are routed in the same steps every time.
constexpr Metric kSubjectEntropy = {"subject_entropy", "bit", true, true};
constexpr Metric kSubject = {"subject_information", "bit", true, true};
constexpr Metric kSubjectChance = {"subject_information_by_chance", "bit", false, true};
constexpr Metric kAttributeEntropy = {"attribute_entropy", "bit", true, true};
constexpr Metric kAttribute = {"attribute_information", "bit", true, true};
constexpr Metric kAttributeChance = {"attribute_information_by_chance", "bit", false, true};

constexpr std::string_view kQuestions = "questions";
constexpr OptionTable kTables[] = {{kQuestions, true, kAskedKeys}};
constexpr std::ptrdiff_t kTogether = 256;  // questions between two signs of life

void check(const Suite& suite) {
  require(suite.axes.empty(), "a specialisation suite has no axes");
  check_asked(suite, kQuestions);
}

/// What is stored of a question: not how many choices it has, since none of them is answered.
Document routed(const Question& question, const ChosenExperts& experts) {
  Json facts = facts_of(question.document);
  facts.erase("choices");
  facts.erase("characters");
  facts["experts"] = experts;
  Document document = question.document;
  document.facts_json = facts.dump();
  return document;
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  if (!engine.config().is_mixture())
    return {Outcome::skipped, "a dense model has no experts to choose among"};
  require(engine.capabilities().routing, "the engine does not say which experts it chooses");
  std::vector<Question> all = asked_questions(task, kQuestions, engine.tokenizer());
  std::erase_if(all, [](const Question& question) { return question.requests.empty(); });
  const auto total = std::ssize(all);
  for (std::ptrdiff_t begin = 0; begin < total; begin += kTogether) {
    const std::span some =
        std::span(all).subspan(static_cast<std::size_t>(begin),
                               static_cast<std::size_t>(std::min(kTogether, total - begin)));
    std::vector<Request> requests;
    for (const Question& question : some) requests.push_back(question.requests.at(0));
    const std::vector<ChosenExperts> chosen = engine.route(requests);
    for (std::size_t q = 0; q < some.size(); ++q) sink.send(routed(some[q], chosen.at(q)));
    sink.send(Progress{task.case_key, begin + std::ssize(some), total, "questions"});
  }
  return {};
}

/// Of every layer with a mixture the questions in the order of the record, and what they are about.
using Layers = std::map<std::size_t, std::vector<Routed>>;

Layers layers_of(const CaseRecord& record, const std::vector<std::string>& labels) {
  std::map<std::string, std::size_t> number;
  Layers layers;
  for (std::size_t d = 0; d < record.documents.size(); ++d) {
    const std::size_t label = number.try_emplace(labels[d], number.size()).first->second;
    const auto experts = fact_of<ChosenExperts>(record.documents[d], "experts");
    for (std::size_t layer = 0; layer < experts.size(); ++layer) {
      if (!experts[layer].empty())
        layers[layer].push_back({.label = label, .experts = experts[layer]});
    }
  }
  return layers;
}

Value certain(const Metric& metric, std::string scope, double x, std::size_t n) {
  return {&metric, std::move(scope), x, x, x, std::nan(""), static_cast<std::int64_t>(n)};
}

/// By layer, and the mean over layers.
void add_information(const Layers& layers, const Metric& entropy, const Metric& said,
                     const Metric& chance, std::vector<Value>& out) {
  if (layers.empty()) return;
  double sum = 0, by_chance = 0;
  const std::size_t n = layers.begin()->second.size();
  for (const auto& [layer, asked] : layers) {
    const std::string scope = fmt::format("layer.{}", layer);
    out.push_back(certain(said, scope, information(asked), n));
    sum += out.back().estimate;
    out.push_back(certain(chance, scope, information_by_chance(asked), n));
    by_chance += out.back().estimate;
  }
  const auto count = static_cast<double>(layers.size());
  out.push_back(certain(entropy, "", label_entropy(layers.begin()->second), n));
  out.push_back(certain(said, "", sum / count, n));
  out.push_back(certain(chance, "", by_chance / count, n));
}

Summary summarise(const Suite&, const CaseRecord& record) {
  std::vector<std::string> subjects, attributes;
  for (const Document& document : record.documents) {
    subjects.push_back(document.task);
    const Json facts = facts_of(document);
    if (facts.contains("attribute"))
      attributes.push_back(document.task + "." + fact_of<std::string>(document, "attribute"));
  }
  Summary summary;
  add_information(layers_of(record, subjects), kSubjectEntropy, kSubject, kSubjectChance,
                  summary.values);
  if (attributes.size() == subjects.size())
    add_information(layers_of(record, attributes), kAttributeEntropy, kAttribute, kAttributeChance,
                    summary.values);
  return summary;
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  std::vector<Question> all = asked_questions(task, kQuestions, tokenizer);
  for (Question& question : all)  // one prompt, whatever the choices
    question.requests.resize(std::min<std::size_t>(1, question.requests.size()));
  return plan_of(std::move(all), max_tokens);
}

}  // namespace

extern const Kind specialisation = {
    .name = "specialisation",
    .timed = false,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = run,
    .summarise = summarise,
    .plan = plan,
    .splits = [](const Suite& suite, const Json&) { return asked_splits(suite, kQuestions); },
};

}  // namespace moe
