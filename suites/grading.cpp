#include "suites/grading.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/error.h"
#include "harness/statistics.h"
#include "suites/excluded.h"
#include "suites/facts.h"
#include "suites/questions.h"

namespace moe {
namespace {

constexpr Metric kAcc = {"acc", "1", true, true};
constexpr Metric kAccMacro = {"acc_macro", "1", true, true};
constexpr Metric kAccNorm = {"acc_norm", "1", true, true};
constexpr Metric kAccNormMacro = {"acc_norm_macro", "1", true, true};
constexpr Metric kExact = {"exact", "1", true, true};
constexpr Metric kExactMacro = {"exact_macro", "1", true, true};
constexpr Metric kAccBytes = {"acc_bytes", "1", true, true};
constexpr Metric kAccBytesMacro = {"acc_bytes_macro", "1", true, true};
constexpr Metric kMutualInfo = {"acc_mutual_info", "1", true, true};
constexpr Metric kMutualInfoMacro = {"acc_mutual_info_macro", "1", true, true};
constexpr Metric kMc2 = {"mc2", "1", true, true};
constexpr Metric kMc2Macro = {"mc2_macro", "1", true, true};
constexpr Metric kTies = {"ties", "1", false, true};

/// A share of questions, and what a question counts.
struct Share {
  const Metric& metric;
  const Metric& macro;
  double Graded::* of;
};

constexpr Share kShares[] = {{kAcc, kAccMacro, &Graded::acc},
                             {kAccNorm, kAccNormMacro, &Graded::acc_norm},
                             {kExact, kExactMacro, &Graded::exact},
                             {kAccBytes, kAccBytesMacro, &Graded::acc_bytes},
                             {kMutualInfo, kMutualInfoMacro, &Graded::acc_mutual_info},
                             {kMc2, kMc2Macro, &Graded::mc2}};

std::int64_t gold_of(const Document& document, std::size_t choices) {
  const Json gold = Json::parse(document.target, nullptr, /*allow_exceptions=*/false);
  require(gold.is_number_integer() && gold >= 0 && gold < choices,
          "{}: its right choice is \"{}\", expected a number from 0 to {}", place_of(document),
          document.target, choices - 1);
  return gold.get<std::int64_t>();
}

/// Index of the largest, the first of equals.
std::int64_t winner(const std::vector<double>& scores) {
  return std::ranges::max_element(scores) - scores.begin();
}

/// Answers to one question, choice after choice.
struct QuestionAnswers {
  std::vector<const Answer*> choices, unconditional;
};

/// `scores` divided by the lengths that are stored under `fact`.
std::vector<double> by_length(std::vector<double> scores, const Document& document,
                              std::string_view fact) {
  const auto lengths = fact_of<std::vector<double>>(document, fact);
  require(lengths.size() == scores.size(), "{}: the {} of {} choices are stored, there are {}",
          place_of(document), fact, lengths.size(), scores.size());
  for (std::size_t c = 0; c < scores.size(); ++c) scores[c] /= lengths[c];
  return scores;
}

/// The share of probability that the right choices have; the largest is taken out first, so that
/// none of tiny ones vanish together.
double right_mass(const std::vector<double>& scores, const std::vector<std::int64_t>& right) {
  const double largest = std::ranges::max(scores);
  double all = 0, of_right = 0;
  for (const double score : scores) all += std::exp(score - largest);
  for (const std::int64_t choice : right)
    of_right += std::exp(scores.at(static_cast<std::size_t>(choice)) - largest);
  return of_right / all;
}

Graded grade_one(const Document& document, const QuestionAnswers& answered) {
  std::vector<double> scores;
  for (const Answer* answer : answered.choices) scores.push_back(answer->log_likelihood);
  const std::int64_t gold = gold_of(document, scores.size());
  const Json facts = facts_of(document);
  const auto right = facts.contains("right") ? fact_of<std::vector<std::int64_t>>(document, "right")
                                             : std::vector{gold};
  for (const std::int64_t choice : right)
    require(choice >= 0 && choice < std::ssize(scores), "{}: right choice {} of {}",
            place_of(document), choice, scores.size());
  const auto wins = [&](const std::vector<double>& by) {
    return std::ranges::find(right, winner(by)) != right.end() ? 1.0 : 0.0;
  };
  Graded graded{.task = document.task, .document = document.document};
  graded.acc = wins(scores);
  graded.tied = std::ranges::count(scores, std::ranges::max(scores)) > 1;
  graded.acc_norm = wins(by_length(scores, document, "characters"));
  graded.exact = answered.choices[static_cast<std::size_t>(gold)]->is_greedy ? 1.0 : 0.0;
  if (facts.contains("bytes")) graded.acc_bytes = wins(by_length(scores, document, "bytes"));
  graded.mc2 = right_mass(scores, right);
  graded.choices = std::ssize(scores);
  graded.answer = winner(scores);
  graded.gold = gold;
  graded.confidence = right_mass(scores, {graded.answer});
  if (facts.contains("cluster")) graded.cluster = fact_of<std::string>(document, "cluster");
  if (answered.unconditional.empty()) return graded;
  for (std::size_t c = 0; c < scores.size(); ++c)
    scores[c] -= answered.unconditional[c]->log_likelihood;
  graded.acc_mutual_info = wins(scores);
  return graded;
}

}  // namespace

std::vector<Graded> grade(const CaseRecord& record) {
  std::map<std::pair<std::string, std::int64_t>, QuestionAnswers> answers;
  for (const Answer& answer : record.answers) {
    QuestionAnswers& answered = answers[{answer.task, answer.document}];
    (answer.filter == kUnconditional ? answered.unconditional : answered.choices)
        .push_back(&answer);
  }
  std::vector<Graded> graded;
  for (const Document& document : record.documents) {
    const auto found = answers.find({document.task, document.document});
    const Json facts = facts_of(document);
    if (!facts.contains("choices")) continue;  // what a timed step was given
    const auto choices = fact_of<std::size_t>(document, "choices");
    if (choices == 0 || found == answers.end()) continue;
    const QuestionAnswers& answered = found->second;
    const std::size_t alone = facts.contains("answers") ? choices : 0;
    if (answered.choices.size() == choices && answered.unconditional.size() == alone)
      graded.push_back(grade_one(document, answered));
  }
  return graded;
}

std::vector<std::string> score_metrics(const Suite& suite) {
  return suite.options.value("score", Json::object())
      .value("metrics", std::vector<std::string>{"acc"});
}

Summary accuracy_summary(const Suite& suite, const CaseRecord& record) {
  return accuracy_summary(suite, record, grade(record));
}

Summary accuracy_summary(const Suite& suite, const CaseRecord& record,
                         std::span<const Graded> graded) {
  const std::vector<std::string> metrics = score_metrics(suite);
  std::vector<const Share*> asked;
  for (const Share& share : kShares) {
    if (share.metric.name == "acc" ||
        std::ranges::find(metrics, share.metric.name) != metrics.end())
      asked.push_back(&share);
  }
  Summary summary;
  std::map<const Share*, ByTask> scores;
  const auto ties = std::ranges::count_if(graded, &Graded::tied);
  for (const Graded& g : graded) {
    Json per_question;
    for (const Share* share : asked) {
      scores[share][g.task].push_back(g.*share->of);
      per_question[std::string(share->metric.name)] = g.*share->of;
    }
    summary.documents.push_back({g.task, g.document, per_question.dump()});
  }
  for (const Share* share : asked)
    add_shares(suite, {share->metric, share->macro}, scores[share], summary.values);
  if (!graded.empty()) {
    const auto x = static_cast<double>(ties);
    summary.values.push_back({&kTies, "", x, x, x, std::nan(""), std::ssize(graded)});
  }
  for (Value& value : routing_values(record.routing)) summary.values.push_back(std::move(value));
  add_excluded(suite, record, summary);
  return summary;
}

}  // namespace moe
