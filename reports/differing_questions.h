// The questions on which two runs or two targets differ: one is right where the other is wrong.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "reports/article.h"
#include "results/store.h"

namespace moe {

/// Which of them: those of one suite ("": of all but sweeps, which ask another suite's again), and
/// the first so many.
struct QuestionChoice {
  std::string_view suite;
  std::optional<std::size_t> first;
};

/// A row for each question that one alone got right: its gold, what each chose, and each one's
/// margin, the log-likelihood of the right choice above the likeliest other; those whose margins
/// are furthest apart first. Right is what acc counts, or exact_match. Questions that the two were
/// asked in other words are left out and counted in the text. Error where the two answered no suite
/// both, or not the one that is named.
Article differing_questions(const Store&, std::string_view a, std::string_view b,
                            const QuestionChoice&);

}  // namespace moe
