#include "suites/pages.h"

#include "models/engine/encode.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/data.h"
#include "suites/wikitext.h"

namespace moe {

std::vector<Question> pages_of(const CaseTask& task, const Tokenizer& tokenizer) {
  const Dataset& dataset = dataset_of(*task.suite);
  const bool detokenize = task.suite->options.at("text").value("detokenizer", "none") == "wikitext";
  std::vector<Question> out;
  for (const std::string& subset : dataset.subsets) {
    for (const Item& item : load(dataset, subset, task.suite->split, task.data_root)) {
      if ((task.limit >= 0 && item.index >= task.limit) ||
          task.done.contains({task.suite->task, item.index}))
        continue;
      const Json facts = {
          {"choices", 1}, {"words", words_of(item.question)}, {"bytes", item.question.size()}};
      Question& page = out.emplace_back(
          Question{{task.case_key, task.suite->task, item.index, "", facts.dump()}, {}});
      page.requests.push_back(rolling_request(
          tokenizer, detokenize ? wikitext_detokenized(item.question) : item.question));
    }
  }
  return out;
}

}  // namespace moe
