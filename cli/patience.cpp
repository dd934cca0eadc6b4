#include "cli/patience.h"

#include <algorithm>

#include "suites/kind.h"

namespace moe {
namespace {

constexpr double kShapes = 4;  // that one case samples, each for the timeout, and some to spare

}  // namespace

Limit loading_limit(const Patience& patience) {
  return {patience.loading_s, "no progress of loading for"};
}

Limit case_limit(const Suite& suite, double timeout_s, const Patience& patience) {
  const double wanted_s = timeout_s > 0 ? timeout_s : suite.measure.timeout_s;
  if (find_kind(suite.kind).timed)
    return {patience.margin_s + kShapes * wanted_s, "not measured within"};
  const double least_s = timeout_s > 0 ? patience.least_s : patience.questions_s;
  return {std::max(least_s, wanted_s), "no answer for"};
}

}  // namespace moe
