#include "suites/grading.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "harness/error.h"
#include "harness/loads.h"
#include "harness/statistics.h"
#include "suites/facts.h"

namespace moe {
namespace {

constexpr Metric kAcc = {"acc", "1", true, true};
constexpr Metric kAccNorm = {"acc_norm", "1", true, true};
constexpr Metric kExact = {"exact", "1", true, true};
constexpr Metric kImbalance = {"load_imbalance", "1", false, false};
constexpr Metric kEntropy = {"routing_entropy", "1", true, false};
constexpr Metric kDead = {"dead_experts", "1", false, false};

/// A share of questions, and what a question counts.
struct Share {
  const Metric& metric;
  double Graded::* of;
};

constexpr Share kShares[] = {
    {kAcc, &Graded::acc}, {kAccNorm, &Graded::acc_norm}, {kExact, &Graded::exact}};

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

/// `answers` to the choices, in order.
Graded grade_one(const Document& document, const std::vector<const Answer*>& answers) {
  const auto characters = fact_of<std::vector<double>>(document, "characters");
  require(characters.size() == answers.size(),
          "{}: the lengths of {} choices are stored, there are {}", place_of(document),
          characters.size(), answers.size());
  std::vector<double> log_likelihood, normalised;
  for (std::size_t c = 0; c < answers.size(); ++c) {
    log_likelihood.push_back(answers[c]->log_likelihood);
    normalised.push_back(log_likelihood[c] / characters[c]);
  }
  const std::int64_t gold = gold_of(document, answers.size());
  return {.task = document.task,
          .document = document.document,
          .acc = winner(log_likelihood) == gold ? 1.0 : 0.0,
          .acc_norm = winner(normalised) == gold ? 1.0 : 0.0,
          .exact = answers[static_cast<std::size_t>(gold)]->is_greedy ? 1.0 : 0.0};
}

using ByTask = std::map<std::string, std::vector<double>>;

/// `scores` are 0 or 1. The standard error is lm-evaluation-harness's; the interval is Wilson's,
/// which holds for few questions and at 0 and 1 too.
Value value_of(const Metric& metric, std::string scope, const std::vector<double>& scores,
               double error) {
  const double estimate = mean(scores);
  const Interval interval =
      wilson_interval(std::ranges::count(scores, 1.0), static_cast<std::int64_t>(scores.size()));
  return {&metric,
          std::move(scope),
          estimate,
          interval.low,
          interval.high,
          error,
          static_cast<std::int64_t>(scores.size())};
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

void add_values(const Suite& suite, const Metric& metric, const ByTask& tasks,
                std::vector<Value>& out) {
  if (tasks.empty()) return;
  out.push_back(pooled(metric, "", tasks));
  const Json groups = suite.options.value("groups", Json::object());
  for (const auto& [group, subsets] : groups.items()) {
    ByTask members;
    for (const Json& subset : subsets) {
      const auto found = tasks.find(fmt::format("{}_{}", suite.task, subset.get<std::string>()));
      if (found != tasks.end()) members.insert(*found);
    }
    if (!members.empty())
      out.push_back(pooled(metric, fmt::format("{}_{}", suite.task, group), members));
  }
  if (tasks.size() == 1 && tasks.begin()->first == suite.task) return;  // the whole is the one task
  for (const auto& [task, scores] : tasks)
    out.push_back(value_of(metric, task, scores, standard_error(scores)));
}

}  // namespace

std::vector<Graded> grade(const CaseRecord& record) {
  std::map<std::pair<std::string, std::int64_t>, std::vector<const Answer*>> answers;
  for (const Answer& answer : record.answers)
    answers[{answer.task, answer.document}].push_back(&answer);
  std::vector<Graded> graded;
  for (const Document& document : record.documents) {
    const auto found = answers.find({document.task, document.document});
    if (!facts_of(document).contains("choices")) continue;  // what a timed step was given
    const auto choices = fact_of<std::size_t>(document, "choices");
    if (choices == 0 || found == answers.end() || found->second.size() != choices) continue;
    graded.push_back(grade_one(document, found->second));
  }
  return graded;
}

Summary accuracy_summary(const Suite& suite, const CaseRecord& record) {
  const auto metrics = suite.options.value("score", Json::object())
                           .value("metrics", std::vector<std::string>{"acc"});
  std::vector<const Share*> asked;
  for (const Share& share : kShares) {
    if (share.metric.name == "acc" ||
        std::ranges::find(metrics, share.metric.name) != metrics.end())
      asked.push_back(&share);
  }
  Summary summary;
  std::map<const Share*, ByTask> scores;
  for (const Graded& g : grade(record)) {
    Json per_question;
    for (const Share* share : asked) {
      scores[share][g.task].push_back(g.*share->of);
      per_question[std::string(share->metric.name)] = g.*share->of;
    }
    summary.documents.push_back({g.task, g.document, per_question.dump()});
  }
  for (const Share* share : asked) add_values(suite, share->metric, scores[share], summary.values);
  for (Value& value : routing_values(record.routing)) summary.values.push_back(std::move(value));
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
