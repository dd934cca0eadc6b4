// Multiple-choice questions about the world, in MMLU's form. None of them is in the corpus.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/world/world.h"

namespace moe {

struct WorldQuestion {
  std::string question;
  std::vector<std::string> choices;  // four values of one attribute
  std::int64_t gold = 0;
  /// recall_frequent, recall_rare: a fact of the frequent bin, the rare one. rule, two_step: what
  /// follows from what the question states; rule_unstated, two_step_unstated: the question states
  /// nothing.
  std::string type;
  std::string attribute;  // "color"; of rules the conclusion, "guild"
};

/// Types take turns; within each the right answers are spread evenly over the four places. Wrong
/// choices are what other entities have of whom the same could have been asked, and over all the
/// questions that there are every answer is three times as often wrong as right, so that to know
/// which values are frequent is no help. Different `series` (0, 1) share no question.
std::vector<WorldQuestion> world_questions(const World&, std::string_view subject,
                                           std::int64_t series, std::int64_t count);

/// The recall questions among the first `count` of series 0, as sentences that break off
/// (probes.h).
std::vector<WorldQuestion> world_paraphrases(const World&, std::string_view subject,
                                             std::int64_t count);

}  // namespace moe
