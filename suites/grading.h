// From stored answers of multiple-choice questions to accuracies, per task, group and whole.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "suites/kind.h"

namespace moe {

struct Graded {
  std::string task;
  std::int64_t document = 0;
  double acc = 0, acc_norm = 0;  // 1: a right choice wins; the first of equals does
  double exact = 0;              // 1: the gold choice is what the model itself goes on with
  double acc_bytes = 0;          // as acc_norm, by bytes of UTF-8 in place of code points
  double acc_mutual_info = 0;    // as acc, of what the context adds to a choice alone
  bool tied = false;             // two choices or more have the largest log-likelihood
  double mc2 = 0;                // the share of probability that right choices have among all
  std::int64_t choices = 0, answer = 0, gold = 0;  // how many, the winner, the right one
  double confidence = 0;  // the share of probability of the answer among all choices
  // NOLINTNEXTLINE(readability-redundant-member-init): else g++ wants it named
  std::string cluster = {};  // what it shares with other questions; "": it is its own
};

/// The metrics of a question that a suite's [score] may name.
inline constexpr std::string_view kShareNames[] = {"acc",       "acc_norm",        "exact",
                                                   "acc_bytes", "acc_mutual_info", "mc2"};

/// Questions whose every choice is answered, in the order of the record.
std::vector<Graded> grade(const CaseRecord&);

/// Error where [groups] are no lists of the dataset's subsets.
void check_groups(const Suite&);

/// By task, the scores of its questions.
using ByTask = std::map<std::string, std::vector<double>>;

/// A metric's values over tasks, and the metric of their mean over tasks.
struct ShareMetric {
  const Metric& metric;
  const Metric& macro;
};

/// For the whole (scope ""), each [groups] entry and each task: the micro average, and, where the
/// suite has [groups], for the whole and each of them the macro mean.
void add_shares(const Suite&, const ShareMetric&, const ByTask&, std::vector<Value>&);

/// acc and, where the suite's [score] asks, others of kShareNames: a value per task, per [groups]
/// entry ("mmlu_stem"), and for the whole (scope ""). Micro averages; standard errors pooled over
/// tasks as lm-evaluation-harness does.
Summary accuracy_summary(const Suite&, const CaseRecord&);
/// The same where grade(record) is there already.
Summary accuracy_summary(const Suite&, const CaseRecord&, std::span<const Graded>);

/// The metrics that a suite's [score] asks for.
std::vector<std::string> score_metrics(const Suite&);

/// How evenly experts are used: load_imbalance (max / mean), routing_entropy (1: even),
/// dead_experts, as the mean over layers (scope "") and per layer ("layer.3").
std::vector<Value> routing_values(std::span<const RoutingCount>);

}  // namespace moe
