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

Summary summarise(const Suite& suite, const CaseRecord& record) {
  Summary summary;
  std::vector<MeanPart> macro, micro;
  std::int64_t questions = 0;
  auto stored = record.members.begin();
  for (const GroupMember& member : group_members(suite)) {
    const CaseRecord::Score* best = nullptr;
    const GroupChoice* of = nullptr;
    for (const GroupChoice& choice : member.choices) {
      require(stored != record.members.end(), "{} members are stored, expected more",
              record.members.size());
      const CaseRecord::Member& found = *stored++;
      summary.absent = absence(choice, found);
      if (!summary.absent.empty()) return {.values = {}, .documents = {}, .absent = summary.absent};
      const auto score = std::ranges::find(found.scores, choice.metric, &CaseRecord::Score::metric);
      if (best != nullptr && best->estimate >= score->estimate) continue;
      best = &*score;
      of = &choice;
    }
    const MeanPart part{best->estimate, best->standard_error, member.weight};
    macro.push_back(part);
    micro.push_back({part.estimate, part.standard_error, static_cast<double>(best->n)});
    questions += best->n;
    summary.values.push_back(weighted_mean(kScore, of->suite, std::span(&part, 1), best->n));
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
