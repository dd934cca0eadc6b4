// Values of shares of questions: of each task, of groups and of the whole.
#include <algorithm>
#include <cmath>

#include "harness/error.h"
#include "harness/statistics.h"
#include "suites/data.h"
#include "suites/grading.h"
#include "suites/group.h"

namespace moe {
namespace {

/// The standard error is lm-evaluation-harness's. Of scores that are 0 or 1 the interval is
/// Wilson's, which holds for few questions and at 0 and 1 too; of others that of their mean.
Value value_of(const Metric& metric, std::string scope, const std::vector<double>& scores,
               double error) {
  const auto n = std::ssize(scores);
  const std::int64_t ones = std::ranges::count(scores, 1.0);
  const bool shares = ones + std::ranges::count(scores, 0.0) == n && metric.name != "mc2";
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

}  // namespace moe
