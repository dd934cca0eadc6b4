// A suite that asks the questions of another, bundled one: which one stands in a table of its own,
// with how many of them and how many examples.
//
//   [accuracy]
//   suite = "world"
//   limit = 20        # questions a subject; without it all
//   shots = 0         # examples; without it the suite's own number
//
// Or its name is a point's, of the axis `suite`: then it is asked with the most of its numbers of
// examples, and the data are its own.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "suites/kind.h"
#include "suites/questions.h"

namespace moe {

inline constexpr auto kAskedKeys = std::to_array<std::string_view>({"suite", "limit", "shots"});

/// The suite that the table names, as it is asked here.
Suite asked_suite(const Suite&, std::string_view table);

/// A case as one of the suite that it asks.
CaseTask asked_task(const CaseTask&, std::string_view table, const Suite& asked);

/// The questions of the suite that the table names, as they are asked here.
std::vector<Question> asked_questions(const CaseTask&, std::string_view table, const Tokenizer&);

/// Error where the table names no bundled multiple_choice suite of the same data, one whose number
/// of examples is open, or a limit or number that is none.
void check_asked(const Suite&, std::string_view table);

/// The splits of its dataset that asking reads.
std::vector<std::string> asked_splits(const Suite&, std::string_view table);

/// The suite that a point names, of one point.
Suite suite_at(const Json& point);

/// Of about as many questions: evenly of each subset, at least one, and within the task's own
/// limit.
std::vector<Question> questions_at(const CaseTask&, std::int64_t questions, const Tokenizer&);

/// Error where the axis `suite` is missing, or names what is no bundled suite of one of `kinds`.
void check_suite_axis(const Suite&, std::span<const std::string_view> kinds);

/// The splits that asking the point's suite reads.
std::vector<std::string> splits_at(const Suite&, const Json& point);

}  // namespace moe
