#include "suites/questions.h"

#include <algorithm>
#include <optional>

#include "harness/error.h"
#include "models/engine/encode.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/data.h"
#include "suites/excluded.h"
#include "suites/prompt.h"
#include "suites/shots.h"

namespace moe {
namespace {

/// A case under way: what its questions are made of.
struct Asking {
  const CaseTask& task;
  const Tokenizer& tokenizer;
  PromptTemplate prompt;
  bool unconditional = false;  // a metric needs the choices without their contexts
  bool bytes = false;          // a metric needs their lengths in bytes
};

/// Adds the name of the cluster that a question belongs to: its task, or the digest of the field's
/// text.
void add_cluster(const Asking& asking, const std::string& task, const Item& item, Json& facts) {
  const std::string& what = dataset_of(*asking.task.suite).cluster;
  if (what.empty()) return;
  if (what == "subset") {
    facts["cluster"] = task;
    return;
  }
  constexpr std::size_t kDigits = 12;
  const auto field = item.fields.find(what);
  require(field != item.fields.end(), "question {} {}: no field \"{}\", which is its cluster", task,
          item.index, what);
  facts["cluster"] = sha256_hex(field->second).substr(0, kDigits);
}

Document document_of(const Asking& asking, std::string_view subset, const Item& item,
                     const std::vector<std::string>& answers) {
  const std::string task = task_name(*asking.task.suite, subset);
  require(item.gold >= 0 && item.gold < static_cast<std::int64_t>(item.choices.size()),
          "question {} {}: its answer is {}, expected one of its {} choices, counted from 0", task,
          item.index, item.gold, item.choices.size());
  Json facts = Json::parse(item.facts_json);
  std::vector<std::int64_t> characters;  // of the answers, without the delimiter before them
  std::vector<std::size_t> bytes;
  for (const std::string& answer : answers) {
    characters.push_back(code_points(answer));
    bytes.push_back(answer.size());
  }
  add_cluster(asking, task, item, facts);
  facts["choices"] = item.choices.size();
  facts["characters"] = characters;
  if (asking.bytes) facts["bytes"] = bytes;
  if (!item.right.empty()) facts["right"] = item.right;
  if (asking.unconditional) facts["answers"] = 2 * item.choices.size();
  return {asking.task.case_key, task, item.index, fmt::format("{}", item.gold), facts.dump()};
}

Question question_for(const Asking& asking, std::string_view subset, const GrowingText& lead,
                      const Item& item) {
  const PromptTemplate& prompt = asking.prompt;
  std::vector<std::string> continuations = answers_of(prompt, subset, item);
  Question question{document_of(asking, subset, item, continuations), {}};
  for (std::string& text : continuations) text.insert(0, prompt.delimiter);
  const std::vector<std::string> alone =
      asking.unconditional ? continuations : std::vector<std::string>();
  std::vector<std::string> asked;  // one, or one a choice
  for (std::size_t c = 0; c < (prompt.question_each ? continuations.size() : 1); ++c)
    asked.push_back(question_of(prompt, subset, item, c));
  try {
    std::vector<EncodedContext> contexts;
    for (const std::string& text : asked) contexts.emplace_back(lead, text);
    for (std::size_t c = 0; c < continuations.size(); ++c)
      question.requests.push_back(
          contexts[std::min(c, contexts.size() - 1)].request(std::move(continuations[c])));
    for (const std::string& text : alone)
      question.requests.push_back(log_likelihood_request(asking.tokenizer, prompt.alone, text));
    question.unconditional = alone.size();
  } catch (const Error& error) {  // what the tokenizer makes of it cannot be scored
    exclude(question, error.what());
  }
  return question;
}

/// A question that is answered by a text: its document holds the texts that are right.
Question text_question(const Asking& asking, std::string_view subset, const GrowingText& lead,
                       const Item& item, const TextAnswers& text) {
  const std::string task = task_name(*asking.task.suite, subset);
  std::vector<std::string> right = item.answers;
  if (right.empty() && item.gold >= 0)
    right = {answers_of(asking.prompt, subset, item).at(static_cast<std::size_t>(item.gold))};
  require(!right.empty(), "question {} {}: no text is right", task, item.index);
  Json facts = Json::parse(item.facts_json);
  add_cluster(asking, task, item, facts);
  facts["choices"] = 1;
  facts["targets"] = right;
  Question question{{asking.task.case_key, task, item.index, right.front(), facts.dump()}, {}};
  const std::string asked = question_of(asking.prompt, subset, item);
  try {
    question.requests.push_back(generation_request(lead, asked, text.stop, text.max_new_tokens));
  } catch (const Error& error) {
    exclude(question, error.what());
  }
  return question;
}

/// Calls make(subset, lead, item) for each question that is asked. Examples are drawn for the
/// others too.
template <typename Make>
void for_each_question(const Asking& asking, const Make& make) {
  const CaseTask& task = asking.task;
  const Dataset& dataset = dataset_of(*task.suite);
  for (const std::string& subset : dataset.subsets) {
    std::vector<Item> items = load(dataset, subset, task.suite->split, task.data_root);
    if (task.limit >= 0) items.resize(std::min(items.size(), static_cast<std::size_t>(task.limit)));
    Shots shots(task, dataset, subset);
    std::optional<GrowingText> lead;
    for (const Item& item : items) {
      if (!shots.fixed() || !lead)
        lead.emplace(asking.tokenizer, lead_of(asking.prompt, subset, shots.next(item)));
      if (!task.done.contains({task_name(*task.suite, subset), item.index}))
        make(subset, *lead, item);
    }
  }
}

}  // namespace

std::int64_t code_points(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

std::vector<std::string> question_splits(const Suite& suite, const Json& point) {
  std::vector<std::string> splits = {suite.split};
  const std::string shots = shots_split(suite, point);
  if (!shots.empty() && shots != suite.split) splits.push_back(shots);
  return splits;
}

std::vector<Question> questions_of(const CaseTask& task, const Tokenizer& tokenizer) {
  const Asking asking{.task = task,
                      .tokenizer = tokenizer,
                      .prompt = prompt_of(*task.suite),
                      .unconditional = asks_for(*task.suite, "acc_mutual_info"),
                      .bytes = asks_for(*task.suite, "acc_bytes")};
  std::vector<Question> out;
  for_each_question(asking, [&](const auto& subset, const GrowingText& lead, const Item& item) {
    out.push_back(question_for(asking, subset, lead, item));
  });
  return out;
}

std::vector<Question> text_questions_of(const CaseTask& task, const Tokenizer& tokenizer,
                                        const TextAnswers& text) {
  const Asking asking{.task = task, .tokenizer = tokenizer, .prompt = prompt_of(*task.suite)};
  std::vector<Question> out;
  for_each_question(asking, [&](const auto& subset, const GrowingText& lead, const Item& item) {
    out.push_back(text_question(asking, subset, lead, item, text));
  });
  return out;
}

bool asks_for(const Suite& suite, std::string_view metric) {
  const auto metrics =
      suite.options.value("score", Json::object()).value("metrics", std::vector<std::string>());
  return std::ranges::find(metrics, metric) != metrics.end();
}

Answer answer_of(const CaseTask& task, const Document& document, std::int64_t choice,
                 const Request& request, const Scored& scored, RequestDigests& digests) {
  return {.case_key = task.case_key,
          .task = document.task,
          .document = document.document,
          .choice = choice,
          .filter = "none",
          .continuation = request.kind == RequestKind::rolling ? "" : request.continuation,
          .generated = scored.text,
          .log_likelihood = scored.log_likelihood,
          .is_greedy = scored.is_greedy,
          .context_tokens = std::ssize(*request.context_ids),
          .continuation_tokens = static_cast<std::int64_t>(request.continuation_ids.size()),
          .truncated_tokens = scored.truncated_tokens,
          .tokens_sha256 = digests.tokens(request),
          .prompt_sha256 = digests.prompt(request)};
}

}  // namespace moe
