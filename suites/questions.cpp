#include "suites/questions.h"

#include <algorithm>

#include "harness/error.h"
#include "harness/sha256.h"
#include "models/engine/encode.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/prompt.h"

namespace moe {
namespace {

std::string task_name(const Suite& suite, std::string_view subset) {
  return subset.empty() ? suite.task : fmt::format("{}_{}", suite.task, subset);
}

/// "" where there are no examples.
std::string shots_split(const Suite& suite, const Json& point) {
  const auto shots = point.value("shots", std::int64_t{0});
  if (shots == 0) return "";
  std::string split = suite.options.at("prompt").value("shots_split", "");
  require(!split.empty(), "shots={}: the suite names no shots_split in [prompt]", shots);
  return split;
}

std::vector<Item> examples(const CaseTask& task, const Dataset& dataset, std::string_view subset) {
  const std::string split = shots_split(*task.suite, task.point);
  if (split.empty()) return {};
  const auto shots = task.point.at("shots").get<std::int64_t>();
  std::vector<Item> items = load(dataset, subset, split, task.data_root);
  require(static_cast<std::int64_t>(items.size()) >= shots,
          "shots={}: split {} of {} has {} questions", shots, split, subset, items.size());
  items.resize(static_cast<std::size_t>(shots));  // the first ones, in order
  return items;
}

Document document_of(const CaseTask& task, const PromptTemplate& prompt, std::string_view subset,
                     const Item& item) {
  require(item.gold >= 0 && item.gold < static_cast<std::int64_t>(item.choices.size()),
          "question {} {}: its answer is {}, expected one of its {} choices, counted from 0",
          task_name(*task.suite, subset), item.index, item.gold, item.choices.size());
  Json facts = Json::parse(item.facts_json);
  std::vector<std::int64_t> characters;  // of the answers, without the blank before them
  for (const std::string& answer : continuations_of(prompt, item))
    characters.push_back(code_points(answer) - 1);
  facts["choices"] = item.choices.size();
  facts["characters"] = characters;
  return {task.case_key, task_name(*task.suite, subset), item.index, fmt::format("{}", item.gold),
          facts.dump()};
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
  const Dataset& dataset = find_dataset(task.suite->dataset);
  const PromptTemplate prompt = prompt_of(*task.suite);
  std::vector<Question> out;
  for (const std::string& subset : dataset.subsets) {
    std::vector<Item> items = load(dataset, subset, task.suite->split, task.data_root);
    if (task.limit >= 0) items.resize(std::min(items.size(), static_cast<std::size_t>(task.limit)));
    const std::vector<Item> shots = examples(task, dataset, subset);
    for (const Item& item : items) {
      if (task.done.contains({task_name(*task.suite, subset), item.index})) continue;
      Question& question = out.emplace_back(Question{document_of(task, prompt, subset, item), {}});
      question.requests = log_likelihood_requests(
          tokenizer, context_of(prompt, subset, shots, item), continuations_of(prompt, item));
    }
  }
  return out;
}

Answer answer_of(const CaseTask& task, const Document& document, std::int64_t choice,
                 const Request& request, const Scored& scored) {
  Sha256 tokens;
  bool first = true;
  for (const auto* ids : {&request.context_ids, &request.continuation_ids}) {
    for (const TokenId id : *ids) {
      tokens.update(fmt::format("{}{}", first ? "" : " ", id));
      first = false;
    }
  }
  return {.case_key = task.case_key,
          .task = document.task,
          .document = document.document,
          .choice = choice,
          .filter = "none",
          .continuation = request.kind == RequestKind::rolling ? "" : request.continuation,
          .generated = scored.text,
          .log_likelihood = scored.log_likelihood,
          .is_greedy = scored.is_greedy,
          .context_tokens = static_cast<std::int64_t>(request.context_ids.size()),
          .continuation_tokens = static_cast<std::int64_t>(request.continuation_ids.size()),
          .truncated_tokens = scored.truncated_tokens,
          .tokens_sha256 = tokens.hex(),
          .prompt_sha256 = sha256_hex(request.context + request.continuation)};
}

}  // namespace moe
