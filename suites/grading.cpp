#include "suites/grading.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/error.h"
#include "harness/loads.h"
#include "harness/statistics.h"
#include "suites/data.h"
#include "suites/excluded.h"
#include "suites/facts.h"
#include "suites/group.h"
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
constexpr Metric kImbalance = {"load_imbalance", "1", false, false};
constexpr Metric kEntropy = {"routing_entropy", "1", true, false};
constexpr Metric kDead = {"dead_experts", "1", false, false};

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

/// The standard error is lm-evaluation-harness's. Of scores that are 0 or 1 the interval is
/// Wilson's, which holds for few questions and at 0 and 1 too; of others that of their mean.
Value value_of(const Metric& metric, std::string scope, const std::vector<double>& scores,
               double error) {
  const auto n = std::ssize(scores);
  const std::int64_t ones = std::ranges::count(scores, 1.0);
  const bool shares = ones + std::ranges::count(scores, 0.0) == n && &metric != &kMc2;
  Interval interval = shares ? wilson_interval(ones, n) : t_interval(scores);
  interval = {std::max(interval.low, 0.0), std::min(interval.high, 1.0)};  // they are shares
  return {&metric, std::move(scope), mean(scores), interval.low, interval.high, error, n};
}

/// The micro average over the tasks of a group.
Value pooled(const Metric& metric, std::string scope, const ByTask& tasks) {
  std::vector<double> all, errors;
  std::vector<std::int64_t> sizes;
  for (const auto& [task, scores] : tasks) {
    all.insert(all.end(), scores.begin(), scores.end());
    errors.push_back(standard_error(scores));
    sizes.push_back(static_cast<std::int64_t>(scores.size()));
  }
  return value_of(metric, std::move(scope), all,
                  tasks.size() == 1 ? errors.front() : pooled_standard_error(errors, sizes));
}

/// The mean over the tasks of a group, each counting alike.
Value macro(const Metric& metric, std::string scope, const ByTask& tasks) {
  std::vector<MeanPart> parts;
  std::int64_t n = 0;
  for (const auto& [task, scores] : tasks) {
    parts.push_back({mean(scores), standard_error(scores), 1});
    n += std::ssize(scores);
  }
  return weighted_mean(metric, std::move(scope), parts, n);
}

}  // namespace

void add_shares(const Suite& suite, const ShareMetric& share, const ByTask& tasks,
                std::vector<Value>& out) {
  const Metric& metric = share.metric;
  if (tasks.empty()) return;
  out.push_back(pooled(metric, "", tasks));
  const Json groups = suite.options.value("groups", Json::object());
  if (!groups.empty()) out.push_back(macro(share.macro, "", tasks));
  for (const auto& [group, subsets] : groups.items()) {
    ByTask members;
    for (const Json& subset : subsets) {
      const auto found = tasks.find(task_name(suite, subset.get<std::string>()));
      if (found != tasks.end()) members.insert(*found);
    }
    if (members.empty()) continue;
    out.push_back(pooled(metric, task_name(suite, group), members));
    out.push_back(macro(share.macro, task_name(suite, group), members));
  }
  if (tasks.size() == 1 && tasks.begin()->first == suite.task) return;  // the whole is the one task
  for (const auto& [task, scores] : tasks)
    out.push_back(value_of(metric, task, scores, standard_error(scores)));
}

void check_groups(const Suite& suite) {
  const std::vector<std::string>& subsets = dataset_of(suite).subsets;
  const Json groups = suite.options.value("groups", Json::object());
  for (const auto& [group, members] : groups.items()) {
    require(members.is_array() && !members.empty(), "[groups]: {}: expected a list of subsets",
            group);
    require(std::ranges::find(subsets, group) == subsets.end(),
            "[groups]: {}: a subset of dataset {} has that name", group, suite.dataset);
    for (const Json& member : members) {
      require(member.is_string() &&
                  std::ranges::find(subsets, member.get<std::string>()) != subsets.end(),
              "[groups]: {}: {} is no subset of dataset {}", group, member.dump(), suite.dataset);
    }
  }
}

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

std::vector<Value> routing_values(std::span<const RoutingCount> counts) {
  std::map<std::int64_t, std::vector<std::int64_t>> layers;
  for (const RoutingCount& count : counts) layers[count.layer].push_back(count.tokens);
  std::vector<Value> values;
  std::vector<double> imbalance, entropy, dead;
  const auto add = [&](const Metric& metric, const std::string& scope, double x) {
    values.push_back({&metric, scope, x, x, x, std::nan(""), 1});
  };
  for (const auto& [layer, tokens] : layers) {
    if (std::ranges::count(tokens, 0) == std::ssize(tokens)) continue;  // nothing was routed
    imbalance.push_back(load_imbalance(tokens));
    entropy.push_back(load_entropy(tokens));
    dead.push_back(static_cast<double>(dead_experts(tokens)));
    const std::string scope = fmt::format("layer.{}", layer);
    add(kImbalance, scope, imbalance.back());
    add(kEntropy, scope, entropy.back());
    add(kDead, scope, dead.back());
  }
  if (imbalance.empty()) return values;
  add(kImbalance, "", mean(imbalance));
  add(kEntropy, "", mean(entropy));
  add(kDead, "", mean(dead));
  return values;
}

}  // namespace moe
