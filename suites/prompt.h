// Prompts of questions, byte for byte as lm-evaluation-harness builds them.
//
//   description + (question + delimiter + answer + separator) for each example + question
//   -> delimiter + answer, for each choice
//
// In [prompt]: `description` and `question` are templates over {subject}, {question}, {choice_0}
// ..., {answer} (the first text that is right, of questions without choices), and the dataset's own
// fields: {passage}. {name:strip} and {name:lstrip} are without white space at both ends or at the
// beginning; fields named in `strip` ("question", "choices") are so everywhere. `answers` are the
// letters a choice is answered by (of more than there are choices the first ones); without them a
// choice is answered by its text. {choices} are all of them, each by `choice_line`, a template that
// has {letter} and {choice}: " {letter}. {choice}\n". A question that has {choice} in it is another
// one for each choice: then `continuation`, a template, is what all of them are scored by.
// `delimiter` (a blank), `example_delimiter` (the same, in examples) and `separator` (two newlines)
// stand between them. `descriptions` are those of single subjects, in place of `description`.
// `alone` stands before a choice that is scored without its question (acc_mutual_info).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.h"
#include "suites/suite.h"

namespace moe {

struct PromptTemplate {
  std::string description, question, continuation, choice_line, alone;
  std::map<std::string, std::string, std::less<>> descriptions;  // by subset
  std::string delimiter = " ", example_delimiter = " ", separator = "\n\n";
  std::vector<std::string> strip;    // "question", "choices"
  std::vector<std::string> answers;  // empty: the choices' text
  bool question_each = false;        // each choice has a question of its own
};

inline constexpr std::string_view kPromptKeys[] = {
    "shots_split", "sampler",     "spare_example",     "description", "descriptions",
    "question",    "choice_line", "continuation",      "alone",       "strip",
    "answers",     "delimiter",   "example_delimiter", "separator"};

/// Error names a placeholder that is not known.
PromptTemplate prompt_of(const Suite&);

/// What stands before a question: the description, and the examples with their answers.
std::string lead_of(const PromptTemplate&, std::string_view subset,
                    std::span<const Item* const> shots);

/// The question, as it is asked of `choice` where each has its own.
std::string question_of(const PromptTemplate&, std::string_view subset, const Item& item,
                        std::size_t choice = 0);

/// The answers of `item`, one a choice, as they stand behind a delimiter.
std::vector<std::string> answers_of(const PromptTemplate&, std::string_view subset,
                                    const Item& item);

/// White space at both ends gone, as Python's str.strip does it.
std::string_view stripped(std::string_view);

}  // namespace moe
