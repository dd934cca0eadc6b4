// Multiple-choice questions about the world, in MMLU's form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/world/world.h"

namespace moe {

struct WorldQuestion {
  std::string question;
  std::vector<std::string> choices;  // four values of one type
  std::int64_t gold = 0;
  std::string type;  // recall_frequent, recall_rare, rule, two_step
};

/// `count` questions of a subject. Types take turns; the right answers are spread evenly over the
/// four places; wrong ones are other values of the right one's type. Different `series` share no
/// question.
std::vector<WorldQuestion> world_questions(const World&, std::string_view subject,
                                           std::int64_t series, std::int64_t count);

}  // namespace moe
