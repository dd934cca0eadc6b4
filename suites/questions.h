// The questions of a case as requests: what a run asks and a plan counts.
#pragma once

#include <string>
#include <vector>

#include "harness/event.h"
#include "models/engine/request.h"
#include "suites/kind.h"
#include "suites/request_digests.h"

namespace moe {

class Tokenizer;

struct Question {
  Document document;
  std::vector<Request> requests;  // one per choice, then the unconditional ones; none: excluded
  std::size_t unconditional = 0;  // as many of the last ask for a choice without its context
};

/// The filter of answers to unconditional requests.
inline constexpr std::string_view kUnconditional = "unconditional";

/// All questions of a case that are not done yet, in the order of subsets and documents.
std::vector<Question> questions_of(const CaseTask&, const Tokenizer&);

/// How a text is generated: up to the first of `stop`, which is cut off.
struct TextAnswers {
  std::vector<std::string> stop;
  std::int64_t max_new_tokens = 256;
};

/// The same for questions that are answered by a text, which one request each generates.
std::vector<Question> text_questions_of(const CaseTask&, const Tokenizer&, const TextAnswers&);

/// Does the suite's [score] name the metric?
bool asks_for(const Suite&, std::string_view metric);

/// The splits that a point's questions and examples come from.
std::vector<std::string> question_splits(const Suite&, const Json& point);

/// What an answer is stored as.
Answer answer_of(const CaseTask&, const Document&, std::int64_t choice, const Request&,
                 const Scored&, RequestDigests&);

/// Code points of UTF-8 text.
std::int64_t code_points(std::string_view);

}  // namespace moe
