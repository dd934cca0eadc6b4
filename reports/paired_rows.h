// What two cases say of the questions or documents that both answered.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "reports/change.h"

namespace moe {

/// One entry for each: 1 or 0 for a question right or wrong, or a share between, with no units; the
/// loss and the words or bytes it is over for a document. Empty where a side does not keep the
/// metric for each.
struct PairedRows {
  std::vector<double> a, b, units;
  std::vector<std::string> clusters;  // of each question, "" where it is its own
};

/// Without those that were asked by other prompts: asked_otherwise() counts them.
PairedRows paired_rows(const Store&, const ComparedValue& a, const ComparedValue& b);

/// SQL: documents x and y were given to the models in other words.
inline constexpr std::string_view kAskedOtherwise =
    "EXISTS (SELECT 1 FROM answer p JOIN answer q ON q.case_run = y.case_run AND q.task = p.task"
    "   AND q.document = p.document AND q.choice = p.choice AND q.filter = p.filter"
    " WHERE p.case_run = x.case_run AND p.task = x.task AND p.document = x.document"
    "   AND p.prompt_sha256 <> q.prompt_sha256)";

/// How many documents of two cases were given to the models in other words (prompt_sha256).
std::int64_t asked_otherwise(const Store&, std::int64_t case_run_a, std::int64_t case_run_b);

}  // namespace moe
