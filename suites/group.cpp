#include "suites/group.h"

#include <algorithm>
#include <cmath>

#include "harness/error.h"
#include "harness/statistics.h"

namespace moe {
namespace {

GroupChoice choice_of(const Json& table, const std::string& where) {
  require(table.is_object(), "{}: expected a table, {{suite = ..., metric = ...}}", where);
  GroupChoice choice;
  for (const auto& [key, value] : table.items()) {
    if (key == "suite" || key == "metric") {
      require(value.is_string(), "{}: {}: expected a name", where, key);
      (key == "suite" ? choice.suite : choice.metric) = value;
    } else if (key != "weight") {
      choice.axes[key] = {value};
    }
  }
  require(!choice.suite.empty(), "{}: suite is missing", where);
  require(!choice.metric.empty(), "{}: metric is missing", where);
  return choice;
}

GroupMember member_of(const std::string& name, const Json& value) {
  const std::string where = fmt::format("[members]: {}", name);
  const Json list = value.is_array() ? value : Json::array({value});
  require(!list.empty(), "{}: expected at least one suite", where);
  GroupMember member{.name = name, .weight = 1, .choices = {}};
  for (const Json& table : list) {
    member.choices.push_back(choice_of(table, where));
    if (!table.contains("weight")) continue;
    require(list.size() == 1 && table["weight"].is_number() && table["weight"] > 0,
            "{}: weight {}: expected a number above 0, of a member of one suite", where,
            table["weight"].dump());
    member.weight = table["weight"];
  }
  return member;
}

}  // namespace

bool is_group(const Suite& suite) {
  return suite.kind == "group";
}

std::vector<GroupMember> group_members(const Suite& suite) {
  std::vector<GroupMember> members;
  for (const auto& [name, value] : suite.options.at("members").items())
    members.push_back(member_of(name, value));
  require(!members.empty(), "[members]: expected at least one");
  const auto line = [&](const GroupMember& member) {
    return suite.option_lines.at("members." + member.name);
  };
  std::ranges::sort(members, {}, line);
  return members;
}

Value weighted_mean(const Metric& metric, std::string scope, std::span<const MeanPart> parts,
                    std::int64_t n) {
  constexpr double kNormal = 1.959963984540054;  // its 97.5 % quantile
  double weights = 0, sum = 0, variance = 0;
  for (const MeanPart& part : parts) {
    weights += part.weight;
    sum += part.weight * part.estimate;
    variance += part.weight * part.weight * part.standard_error * part.standard_error;
  }
  const double mean = sum / weights, error = std::sqrt(variance) / weights;
  Interval interval = {std::max(mean - kNormal * error, 0.0),
                       std::min(mean + kNormal * error, 1.0)};
  if (std::isnan(error)) interval = {0, 1};  // of parts with a single question nothing is known
  if (error == 0)                            // every part has equal scores: that is no certainty
    interval = wilson_interval(std::lround(mean * static_cast<double>(n)), n);
  return {.metric = &metric,
          .scope = std::move(scope),
          .estimate = mean,
          .low = interval.low,
          .high = interval.high,
          .standard_error = error,
          .n = n};
}

}  // namespace moe
