#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "harness/statistics.h"
#include "tests/reports/filler.h"

namespace moe::testing {

/// Three subjects of 20 questions; the mixture answers three of four, the dense model every other,
/// and says some of these by itself.
void add_accuracy(Filler& filler, std::int64_t target) {
  const std::int64_t c = filler.add_case(1, target, "world", "{}");
  std::int64_t right = 0, exact = 0;
  for (const std::string task : {"world_capitals", "world_colours", "world_kinship"}) {
    std::int64_t right_here = 0;
    for (std::int64_t document = 0; document < 20; ++document) {
      const bool hit = target == 1 ? document % 4 != 3 : document % 2 == 0;
      const bool said = hit && document % 4 < 2;
      // The mixture alone answers every fourth, which are half of the rare facts.
      const char* type = document % 2 == 0     ? "recall_frequent"
                         : document % 20 == 19 ? "odd_ones"
                                               : "recall_rare";
      right_here += hit ? 1 : 0;
      exact += said ? 1 : 0;
      filler.insert("document", "case_run, task, document, target, facts, metrics",
                    {c, task, document, "0", fmt::format(R"({{"type": "{}", "choices": 4}})", type),
                     fmt::format(R"({{"acc": {0}.0, "acc_norm": {0}.0, "exact": {1}.0}})",
                                 hit ? 1 : 0, said ? 1 : 0)});
      for (std::int64_t choice = 0; choice < 4; ++choice) {
        // The right one is A; who does not answer it answers B, by less in later questions.
        const double log_likelihood = choice == 0   ? (hit ? -1.0 : -2.5)
                                      : choice == 1 ? -1.5 - 0.01 * static_cast<double>(document)
                                                    : -4.0;
        filler.insert("answer",
                      "case_run, task, document, choice, filter, launch, continuation, generated, "
                      "log_likelihood, is_greedy, context_tokens, continuation_tokens, "
                      "truncated_tokens, tokens_sha256, prompt_sha256",
                      {c, task, document, choice, "none", target,
                       fmt::format(" {}", static_cast<char>('A' + choice)), "", log_likelihood, 0,
                       50, 1, 0, "", ""});
      }
    }
    filler.add_value(c, {"acc", static_cast<double>(right_here) / 20, 0.2, 20, task});
    right += right_here;
  }
  filler.add_value(c, {"acc", static_cast<double>(right) / 60, 0.14, 40, "world_places"});
  filler.add_value(c, {"acc", static_cast<double>(right) / 60, 0.12, 60});
  filler.add_value(c, {"acc_norm", static_cast<double>(right) / 60, 0.12, 60});
  filler.add_value(c, {"exact", static_cast<double>(exact) / 60, 0.12, 60});
  const double answered_a = static_cast<double>(right) / 60;
  filler.add_value(c, {"ece", 0.08, 0.05, 60});
  filler.add_value(c, {"letter_bias", 1 - answered_a, 0.11, 60});
  filler.add_value(c, {"acc_stderr_clustered", 0.071, 0, 30});
  for (const char letter : {'A', 'B', 'C', 'D'}) {
    const std::string scope = fmt::format("choice.{}", letter);
    const double answered = letter == 'A' ? answered_a : letter == 'B' ? 1 - answered_a : 0;
    filler.add_value(c, {"answer_share", answered, 0, 60, scope});
    filler.add_value(c, {"gold_share", letter == 'A' ? 1.0 : 0.0, 0, 60, scope});
  }
}

/// 62 pages; the mixture is better on all, by more on some than on others.
void add_perplexity(Filler& filler, std::int64_t target) {
  const std::int64_t c = filler.add_case(1, target, "wikitext2", "{}");
  std::vector<double> loss, words, bytes;
  for (std::int64_t page = 0; page < 62; ++page) {
    const auto of_page = static_cast<double>(page % 7);
    words.push_back(200 + 30 * of_page);
    bytes.push_back(words.back() * 5.35);
    const double per_word = 3.6 + 0.05 * of_page + (target == 1 ? 0 : 0.15 + 0.01 * of_page);
    loss.push_back(per_word * words.back());
    filler.insert("document", "case_run, task, document, target, facts, metrics",
                  {c, "wikitext2", page, "", "{}",
                   fmt::format(R"({{"word_perplexity": [{0}, {1}], "bits_per_byte": [{0}, {2}]}})",
                               -loss.back(), words.back(), bytes.back())});
  }
  const double by_word = mean(loss) / mean(words), by_byte = mean(loss) / mean(bytes);
  const double half = (ratio_interval(loss, words).high - by_word) * std::exp(by_word);
  filler.add_value(c, {"word_perplexity", std::exp(by_word), half, 62});
  filler.add_value(c, {"bits_per_byte", by_byte / std::log(2.0), 0.01, 62});
}

void add_audits(Filler& filler) {
  const std::string point = R"({"suite":"world"})";
  const std::int64_t sharing = filler.add_case(1, 1, "audit_sharing", point);
  const std::int64_t numerics = filler.add_case(1, 1, "audit_numerics", point);
  for (const std::int64_t c : {sharing, numerics}) {
    const bool differs = c == numerics;
    filler.add_value(c, {"differing_log_likelihoods", differs ? 2844.0 : 0.0, 0, 2850});
    filler.add_value(c, {"max_log_likelihood_difference", differs ? 0.0123 : 0.0, 0, 2850});
    filler.add_value(c, {"flipped_answers", differs ? 3.0 : 0.0, 0, 712});
  }
  filler.add_value(numerics, {"flipped_expert_choices", 41, 0, 8544});
  filler.add_value(numerics, {"flipped_expert_choices", 41, 0, 1424, "layer.3"});
}

}  // namespace moe::testing
