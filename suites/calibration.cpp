#include "suites/calibration.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "harness/paired.h"
#include "suites/prompt.h"
#include "suites/questions.h"

namespace moe {
namespace {

constexpr std::size_t kBins = 15;

constexpr Metric kEce = {"ece", "1", false, true};
constexpr Metric kLetterBias = {"letter_bias", "1", false, true};
constexpr Metric kAnswerShare = {"answer_share", "1", false, true};
constexpr Metric kGoldShare = {"gold_share", "1", false, true};

constexpr Metric kAccError = {"acc_stderr_clustered", "1", false, true};
constexpr Metric kAccNormError = {"acc_norm_stderr_clustered", "1", false, true};
constexpr Metric kExactError = {"exact_stderr_clustered", "1", false, true};
constexpr Metric kAccBytesError = {"acc_bytes_stderr_clustered", "1", false, true};
constexpr Metric kMutualInfoError = {"acc_mutual_info_stderr_clustered", "1", false, true};
constexpr Metric kMc2Error = {"mc2_stderr_clustered", "1", false, true};

struct ClusteredError {
  std::string_view of;
  const Metric& metric;
  double Graded::* score;
};

constexpr ClusteredError kClusteredErrors[] = {
    {"acc", kAccError, &Graded::acc},
    {"acc_norm", kAccNormError, &Graded::acc_norm},
    {"exact", kExactError, &Graded::exact},
    {"acc_bytes", kAccBytesError, &Graded::acc_bytes},
    {"acc_mutual_info", kMutualInfoError, &Graded::acc_mutual_info},
    {"mc2", kMc2Error, &Graded::mc2}};

/// The questions of a scope.
struct Part {
  std::string scope;
  std::vector<const Graded*> questions;
  std::vector<std::string> clusters;  // of each question
};

Part part_of(std::string scope, std::span<const Graded> graded, const std::set<std::string>* of) {
  Part part{.scope = std::move(scope), .questions = {}, .clusters = {}};
  for (const Graded& question : graded) {
    if (of != nullptr && !of->contains(question.task)) continue;
    part.questions.push_back(&question);
    part.clusters.push_back(question.cluster);
  }
  return part;
}

/// The whole and the groups, as far as they were asked.
std::vector<Part> parts_of(const Suite& suite, std::span<const Graded> graded) {
  std::vector<Part> parts = {part_of("", graded, nullptr)};
  const Json groups = suite.options.value("groups", Json::object());
  for (const auto& [group, subsets] : groups.items()) {
    std::set<std::string> tasks;
    for (const Json& subset : subsets) tasks.insert(task_name(suite, subset.get<std::string>()));
    parts.push_back(part_of(task_name(suite, group), graded, &tasks));
  }
  std::erase_if(parts, [](const Part& part) { return part.questions.empty(); });
  return parts;
}

/// A bin holds its upper bound and not its lower one, as in Guo et al.
std::size_t bin_of(double confidence) {
  const double upper = std::ceil(confidence * static_cast<double>(kBins));
  return static_cast<std::size_t>(std::clamp(upper, 1.0, static_cast<double>(kBins))) - 1;
}

/// What each question adds to the ECE: how far it is right beyond its confidence, with its bin's
/// sign.
std::vector<double> calibration_gaps(const Part& part) {
  std::array<double, kBins> sums{};
  for (const Graded* q : part.questions) sums.at(bin_of(q->confidence)) += q->acc - q->confidence;
  std::vector<double> gaps;
  for (const Graded* q : part.questions) {
    const double beyond = q->acc - q->confidence;
    gaps.push_back(sums.at(bin_of(q->confidence)) < 0 ? -beyond : beyond);
  }
  return gaps;
}

/// What each question adds to the letter bias: a half for an answer by a letter that is answered
/// more often than it is right, a half for such a gold less.
std::vector<double> letter_gaps(const Part& part) {
  std::map<std::int64_t, std::int64_t> more;  // answers of each letter beyond its golds
  for (const Graded* q : part.questions) {
    ++more[q->answer];
    --more[q->gold];
  }
  const auto sign = [&](std::int64_t choice) {
    return more[choice] > 0 ? 0.5 : more[choice] < 0 ? -0.5 : 0.0;
  };
  std::vector<double> gaps;
  for (const Graded* q : part.questions) gaps.push_back(sign(q->answer) - sign(q->gold));
  return gaps;
}

bool has_clusters(const Part& part) {
  const auto n = count_clusters(part.clusters);
  return n > 1 && n < std::ssize(part.clusters);
}

Value mean_of(const Metric& metric, const Part& part, const std::vector<double>& gaps) {
  const double error =
      has_clusters(part) ? clustered_standard_error(gaps, part.clusters) : standard_error(gaps);
  const Interval interval = normal_interval(mean(gaps), error);
  return {&metric,
          part.scope,
          mean(gaps),
          std::max(interval.low, 0.0),
          std::min(interval.high, 1.0),
          error,
          std::ssize(gaps)};
}

/// What all questions are answered by, choice after choice; empty where they differ.
std::vector<std::string> letters_of(std::span<const Graded> graded,
                                    std::span<const Answer> answers) {
  const bool alike = std::ranges::all_of(
      graded, [&](const Graded& q) { return q.choices == graded.front().choices; });
  if (graded.empty() || !alike || graded.front().choices < 2) return {};
  std::vector<std::string> letters(static_cast<std::size_t>(graded.front().choices));
  for (const Answer& answer : answers) {
    if (answer.filter == kUnconditional) continue;
    const auto choice = static_cast<std::size_t>(answer.choice);
    if (choice >= letters.size()) return {};
    const std::string text(stripped(answer.continuation));
    if (letters[choice].empty()) letters[choice] = text;
    if (letters[choice] != text) return {};
  }
  return std::ranges::find(letters, "") == letters.end() ? letters : std::vector<std::string>();
}

void add_letter_shares(std::span<const Graded> graded, const std::vector<std::string>& letters,
                       std::vector<Value>& out) {
  for (std::size_t c = 0; c < letters.size(); ++c) {
    const auto choice = static_cast<std::int64_t>(c);
    const auto n = std::ssize(graded);
    const auto share = [&](const Metric& metric, std::int64_t Graded::* of) {
      const std::int64_t k = std::ranges::count(graded, choice, of);
      const Interval interval = wilson_interval(k, n);
      out.push_back({&metric, "choice." + letters[c],
                     static_cast<double>(k) / static_cast<double>(n), interval.low, interval.high,
                     std::nan(""), n});
    };
    share(kAnswerShare, &Graded::answer);
    share(kGoldShare, &Graded::gold);
  }
}

void add_clustered_errors(const Suite& suite, const Part& part, std::vector<Value>& out) {
  if (!has_clusters(part)) return;
  const std::vector<std::string> asked = score_metrics(suite);
  for (const ClusteredError& error : kClusteredErrors) {
    if (error.of != "acc" && std::ranges::find(asked, error.of) == asked.end()) continue;
    std::vector<double> scores;
    for (const Graded* q : part.questions) scores.push_back(q->*error.score);
    const double x = clustered_standard_error(scores, part.clusters);
    out.push_back(
        {&error.metric, part.scope, x, x, x, std::nan(""), count_clusters(part.clusters)});
  }
}

}  // namespace

std::vector<Value> calibration_values(const Suite& suite, std::span<const Graded> graded,
                                      std::span<const Answer> answers) {
  std::vector<Value> values;
  const std::vector<std::string> letters = letters_of(graded, answers);
  for (const Part& part : parts_of(suite, graded)) {
    values.push_back(mean_of(kEce, part, calibration_gaps(part)));
    if (!letters.empty()) values.push_back(mean_of(kLetterBias, part, letter_gaps(part)));
    add_clustered_errors(suite, part, values);
  }
  add_letter_shares(graded, letters, values);
  return values;
}

}  // namespace moe
