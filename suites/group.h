// A suite of kind "group": other suites, and the mean of what they score.
//
//   [members]
//   arc  = {suite = "arc_easy", shots = 25, metric = "acc_norm"}
//   piqa = [{suite = "piqa_mc", metric = "acc"}, {suite = "piqa_rc", metric = "acc_norm"}]
//
// A member is a bundled suite, the value of it that counts, and its axes' values where those are
// others than its own; of a list the best counts. `weight` (1) is a member's part in the macro
// mean.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "harness/value.h"
#include "suites/suite.h"

namespace moe {

struct GroupChoice {
  std::string suite, metric;
  std::map<std::string, std::vector<Json>> axes;
};

struct GroupMember {
  std::string name;
  double weight = 1;
  std::vector<GroupChoice> choices;  // of which the best counts
};

bool is_group(const Suite&);

/// In the order of the file. Error names the member and the key.
std::vector<GroupMember> group_members(const Suite&);

/// Of a mean: a share with its standard error.
struct MeanPart {
  double estimate = 0, standard_error = 0, weight = 1;
};

/// The weighted mean of shares that do not depend on each other, of n questions in all. The
/// interval is the normal one; where no part varies, Wilson's.
Value weighted_mean(const Metric&, std::string scope, std::span<const MeanPart>, std::int64_t n);

}  // namespace moe
