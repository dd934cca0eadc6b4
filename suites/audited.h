// What the stored answers of an audit say: those of each second asking held against the first ones.
#pragma once

#include <string_view>

#include "suites/kind.h"

namespace moe {

/// The sample that says whether the target promised equal bits: 1 or 0.
inline constexpr std::string_view kPromised = "promises_equal_bits";

/// differing_log_likelihoods (of n), max_log_likelihood_difference and flipped_answers (of n
/// questions), of all second askings together (scope "") and, where there are several, of each;
/// flipped_expert_choices (of n), of all layers and of each, where both routings were stored. The
/// verdict is wrong where bits differ that were promised to be equal.
Summary audit_summary(const Suite&, const CaseRecord&);

}  // namespace moe
