// The questions of a multiple-choice case as requests: what a run asks and a plan counts.
#pragma once

#include <string>
#include <vector>

#include "harness/event.h"
#include "models/engine/request.h"
#include "suites/kind.h"

namespace moe {

class Tokenizer;

struct Question {
  Document document;
  std::vector<Request> requests;  // one per choice
};

/// All questions of a case that are not done yet, in the order of subsets and documents.
std::vector<Question> questions_of(const CaseTask&, const Tokenizer&);

/// The splits that a point's questions and examples come from.
std::vector<std::string> question_splits(const Suite&, const Json& point);

/// What an answer is stored as.
Answer answer_of(const CaseTask&, const Document&, std::int64_t choice, const Request&,
                 const Scored&);

/// Code points of UTF-8 text.
std::int64_t code_points(std::string_view);

}  // namespace moe
