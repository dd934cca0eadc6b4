#include "suites/audited.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <set>

#include "harness/error.h"
#include "suites/facts.h"

namespace moe {
namespace {

constexpr Metric kDiffering = {"differing_log_likelihoods", "1", false, true};
constexpr Metric kLargest = {"max_log_likelihood_difference", "1", false, true};
constexpr Metric kAnswers = {"flipped_answers", "1", false, true};
constexpr Metric kExperts = {"flipped_expert_choices", "1", false, true};

using Choices = std::vector<const Answer*>;  // of one question, in order

/// What differs between askings, counted.
struct Difference {
  std::int64_t pairs = 0, differing = 0;
  std::int64_t questions = 0, flipped = 0;
  double largest = 0;
};

/// What a question was answered by: its likeliest choice, the first of equals; where there is one
/// alone, whether the model itself goes on with it.
std::int64_t answer_of(const Choices& choices) {
  if (choices.size() == 1) return choices.front()->is_greedy ? 1 : 0;
  const auto best = std::ranges::max_element(choices, {}, &Answer::log_likelihood);
  return best - choices.begin();
}

/// Those questions alone count whose every choice was asked both ways.
void compare(const Choices& first, const Choices& again, Difference& out) {
  if (first.size() != again.size() || first.empty()) return;
  ++out.questions;
  out.flipped += answer_of(first) != answer_of(again) ? 1 : 0;
  for (std::size_t c = 0; c < first.size(); ++c) {
    const double a = first[c]->log_likelihood, b = again[c]->log_likelihood;
    ++out.pairs;
    out.differing += std::bit_cast<std::uint64_t>(a) != std::bit_cast<std::uint64_t>(b) ? 1 : 0;
    out.largest = std::max(out.largest, std::abs(a - b));
  }
}

Value counted(const Metric& metric, std::string scope, double x, std::int64_t n) {
  return {&metric, std::move(scope), x, x, x, std::nan(""), n};
}

void add_values(const std::string& scope, const Difference& d, std::vector<Value>& out) {
  out.push_back(counted(kDiffering, scope, static_cast<double>(d.differing), d.pairs));
  out.push_back(counted(kLargest, scope, d.largest, d.pairs));
  out.push_back(counted(kAnswers, scope, static_cast<double>(d.flipped), d.questions));
}

/// Of every layer: expert choices of the one routing that the other did not make, of how many.
using Flips = std::map<std::size_t, std::pair<std::int64_t, std::int64_t>>;

void count_flips(const Document& document, Flips& out) {
  if (!facts_of(document).contains("experts_reference")) return;
  const auto chosen = fact_of<ChosenExperts>(document, "experts"),
             reference = fact_of<ChosenExperts>(document, "experts_reference");
  require(chosen.size() == reference.size(), "{}: experts of {} layers and of {}",
          place_of(document), chosen.size(), reference.size());
  for (std::size_t layer = 0; layer < chosen.size(); ++layer) {
    if (chosen[layer].empty()) continue;
    auto& [flipped, all] = out[layer];
    all += std::ssize(chosen[layer]);
    for (const std::int64_t expert : chosen[layer])
      flipped += std::ranges::find(reference[layer], expert) == reference[layer].end() ? 1 : 0;
  }
}

void add_flips(const CaseRecord& record, std::vector<Value>& out) {
  Flips flips;
  for (const Document& document : record.documents) count_flips(document, flips);
  if (flips.empty()) return;
  std::int64_t flipped = 0, all = 0;
  for (const auto& [layer, counts] : flips) {
    out.push_back(counted(kExperts, fmt::format("layer.{}", layer),
                          static_cast<double>(counts.first), counts.second));
    flipped += counts.first;
    all += counts.second;
  }
  out.push_back(counted(kExperts, "", static_cast<double>(flipped), all));
}

bool promised(const CaseRecord& record) {
  for (const CaseRecord::Launch& launch : record.launches) {
    for (const Sample& sample : launch.samples)
      if (sample.metric == kPromised && sample.value == 1) return true;
  }
  return false;
}

}  // namespace

Summary audit_summary(const Suite&, const CaseRecord& record) {
  std::map<std::pair<std::string, std::int64_t>, std::map<std::string, Choices>> asked;
  std::set<std::string> filters;
  for (const Answer& answer : record.answers) {
    asked[{answer.task, answer.document}][answer.filter].push_back(&answer);
    if (answer.filter != "none") filters.insert(answer.filter);
  }
  Difference all;
  std::map<std::string, Difference> by_filter;
  for (auto& [question, askings] : asked) {
    for (const std::string& filter : filters) {
      compare(askings["none"], askings[filter], by_filter[filter]);
      compare(askings["none"], askings[filter], all);
    }
  }
  Summary summary;
  if (all.pairs == 0)
    return {.values = {},
            .documents = {},
            .verdict = {Outcome::failed, "no question was answered in both ways"},
            .absent = {}};
  add_values("", all, summary.values);
  for (const auto& [filter, difference] : by_filter)
    if (by_filter.size() > 1) add_values(filter, difference, summary.values);
  add_flips(record, summary.values);
  if (promised(record) && all.differing > 0)
    summary.verdict = {
        Outcome::wrong,
        fmt::format("{} of {} log-likelihoods differ though the target promises equal bits; the "
                    "largest difference is {:.2g}",
                    all.differing, all.pairs, all.largest)};
  return summary;
}

}  // namespace moe
