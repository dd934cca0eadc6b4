// Prompts of multiple-choice questions, byte for byte as lm-evaluation-harness builds them.
//
//   description + (question + " " + answer + "\n\n") for each example + question
//
// In [prompt]: `description` and `question` are templates over {subject}, {question}, {choice_0}
// ...; fields named in `strip` lose white space at both ends. `answers` are the letters a choice is
// answered by; without them a choice is answered by its text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datasets/dataset.h"
#include "suites/suite.h"

namespace moe {

struct PromptTemplate {
  std::string description, question;
  std::vector<std::string> strip;    // "question", "choices"
  std::vector<std::string> answers;  // empty: the choices' text
};

/// Error names a placeholder that is not known.
PromptTemplate prompt_of(const Suite&);

/// The context of `item`, with `shots` as examples before it.
std::string context_of(const PromptTemplate&, std::string_view subset, std::span<const Item> shots,
                       const Item& item);

/// The continuations of `item`: a blank and the answer, one per choice.
std::vector<std::string> continuations_of(const PromptTemplate&, const Item& item);

/// White space at both ends gone, as Python's str.strip does it.
std::string_view stripped(std::string_view);

}  // namespace moe
