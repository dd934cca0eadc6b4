// The mean of what other suites score: every member counts alike (macro), or every question
// (micro).
#include <algorithm>
#include <cmath>

#include "harness/error.h"
#include "suites/grading.h"
#include "suites/group.h"
#include "suites/kind.h"
#include "suites/questions.h"

namespace moe {
namespace {

constexpr OptionTable kTables[] = {{"members", true, {}}};
constexpr Metric kMacro = {"macro_mean", "1", true, true};
constexpr Metric kMicro = {"micro_mean", "1", true, true};
constexpr Metric kScore = {"member_score", "1", true, true};

/// Has a suite such a value, for its whole?
bool has_value(const Suite& suite, std::string_view metric) {
  constexpr std::string_view kMacroEnd = "_macro";
  if (metric.ends_with(kMacroEnd)) {
    if (!suite.options.contains("groups")) return false;
    metric.remove_suffix(kMacroEnd.size());
  }
  if (suite.kind == "generation") return metric == "exact_match";
  return metric == "acc" || (suite.kind == "multiple_choice" && asks_for(suite, metric));
}

void check_choice(const GroupMember& member, const GroupChoice& choice) {
  const std::string where = fmt::format("[members]: {}", member.name);
  require(!choice.suite.ends_with(".toml"),
          "{}: suite: expected a bundled suite's name, which is part of what this one's version "
          "stands for",
          where);
  const Suite suite = find_suite(choice.suite);
  require(find_kind(suite.kind).questions, "{}: suite {} is of kind {}, which asks no questions",
          where, suite.name, suite.kind);
  require(has_value(suite, choice.metric), "{}: suite {} has no value \"{}\"", where, suite.name,
          choice.metric);
  require(points(suite, choice.axes).size() == 1,
          "{}: suite {} has several cases: say which by its axes", where, suite.name);
}

void check(const Suite& suite) {
  require(suite.axes.empty(), "a suite of kind group has no axes: its members have");
  for (const GroupMember& member : group_members(suite)) {
    for (const GroupChoice& choice : member.choices) check_choice(member, choice);
  }
}

/// Why a member has no value that counts; "" where it has.
std::string absence(const GroupChoice& choice, const CaseRecord::Member& member) {
  if (member.verdict.outcome != Outcome::ok)
    return fmt::format("its member {} is {}{}{}", choice.suite, name_of(member.verdict.outcome),
                       member.verdict.reason.empty() ? "" : ": ", member.verdict.reason);
  if (std::ranges::find(member.scores, choice.metric, &CaseRecord::Score::metric) ==
      member.scores.end())
    return fmt::format("its member {} has no {}", choice.suite, choice.metric);
  return "";
}

/// The best of a member's choices, whose cases are the next of `stored`; null where one of them has
/// no value, and `absent` says why.
const CaseRecord::Score* best_of(const GroupMember& member,
                                 std::span<const CaseRecord::Member>& stored, std::string& absent) {
  const CaseRecord::Score* best = nullptr;
  for (const GroupChoice& choice : member.choices) {
    require(!stored.empty(), "[members]: {}: fewer cases are stored than it has", member.name);
    const CaseRecord::Member& found = stored.front();
    stored = stored.subspan(1);
    absent = absence(choice, found);
    if (!absent.empty()) return nullptr;
    const auto score = std::ranges::find(found.scores, choice.metric, &CaseRecord::Score::metric);
    if (best == nullptr || score->estimate > best->estimate) best = &*score;
  }
  return best;
}

Summary summarise(const Suite& suite, const CaseRecord& record) {
  Summary summary;
  std::vector<MeanPart> macro, micro;
  std::int64_t questions = 0;
  std::span<const CaseRecord::Member> stored = record.members;
  for (const GroupMember& member : group_members(suite)) {
    const CaseRecord::Score* score = best_of(member, stored, summary.absent);
    if (score == nullptr) {
      summary.values.clear();
      return summary;
    }
    const MeanPart part{score->estimate, score->standard_error, member.weight};
    macro.push_back(part);
    micro.push_back({part.estimate, part.standard_error, static_cast<double>(score->n)});
    questions += score->n;
    summary.values.push_back(weighted_mean(kScore, member.name, std::span(&part, 1), score->n));
  }
  summary.values.push_back(weighted_mean(kMacro, "", macro, questions));
  summary.values.push_back(weighted_mean(kMicro, "", micro, questions));
  return summary;
}

}  // namespace

extern const Kind group = {
    .name = "group",
    .timed = false,
    .questions = false,
    .tables = kTables,
    .check = check,
    .run = nullptr,
    .summarise = summarise,
    .plan = nullptr,
    .splits = nullptr,
};

}  // namespace moe
