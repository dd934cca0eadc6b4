// Perplexity of documents: lm-evaluation-harness's rolling word and byte perplexity, and
// llama.cpp's, which is another number (raw text, disjoint chunks scored from their middle, per
// token) under a name of its own.
#include <array>
#include <cmath>
#include <map>

#include "harness/error.h"
#include "harness/statistics.h"
#include "models/engine/encode.h"
#include "models/engine/windows.h"
#include "models/tokenizer/tokenizer.h"
#include "suites/asking.h"
#include "suites/data.h"
#include "suites/facts.h"
#include "suites/grading.h"
#include "suites/pages.h"

namespace moe {
namespace {

// Not deterministic to the last bit: what a resumed run asks goes in other batches than before.
constexpr Metric kWord = {"word_perplexity", "1", false, false};
constexpr Metric kByte = {"byte_perplexity", "1", false, false};
constexpr Metric kBits = {"bits_per_byte", "1", false, false};
constexpr Metric kLlamaCpp = {"llamacpp_perplexity", "1", false, false};
constexpr std::string_view kChunks = "llamacpp";  // the task of llama.cpp's chunks

constexpr auto kTextKeys = std::to_array<std::string_view>({"detokenizer", "llamacpp_chunk"});
constexpr OptionTable kTables[] = {{"text", true, kTextKeys}};

void check(const Suite& suite) {
  const Json& text = suite.options.at("text");
  const std::string detokenizer = text.value("detokenizer", "none");
  require(detokenizer == "none" || detokenizer == "wikitext",
          "[text]: detokenizer \"{}\"; known are none, wikitext", detokenizer);
  const auto chunk = text.value("llamacpp_chunk", std::int64_t{0});
  require(chunk == 0 || chunk >= 4, "[text]: llamacpp_chunk {}: expected 0 (off) or at least 4",
          chunk);
  require(suite.axes.empty(), "a perplexity suite has no axes");
  const std::size_t subsets = dataset_of(suite).subsets.size();
  require(subsets == 1, "dataset {} has {} subsets; a perplexity suite takes one of one text",
          suite.dataset, subsets);
}

/// Chunks of the whole raw text; as many as there are pages asked for where the run is limited.
/// None where the model is shorter than one: chunks of another length are another metric.
std::vector<Question> chunks(const CaseTask& task, const Tokenizer& tokenizer,
                             std::int64_t max_tokens) {
  const auto wanted = task.suite->options.at("text").value("llamacpp_chunk", std::int64_t{0});
  std::vector<Question> out;
  if (wanted == 0 || wanted > max_tokens) return out;
  const std::string text = whole_text(dataset_of(*task.suite), task.suite->split, task.data_root);
  const std::vector<TokenId> ids = tokenizer.encode(text);
  const TokenId bos = !ids.empty() && tokenizer.bos() == ids.front() ? ids.front() : -1;
  std::int64_t index = 0;
  for (Chunk& asked : llamacpp_chunks(bos, ids, wanted)) {
    const std::int64_t chunk = index++;
    if ((task.limit >= 0 && chunk >= task.limit) ||
        task.done.contains({std::string(kChunks), chunk}))
      continue;
    Question& question = out.emplace_back(
        Question{{task.case_key, std::string(kChunks), chunk, "",
                  Json{{"choices", 1}, {"tokens", asked.continuation.size()}}.dump()},
                 {}});
    Request& request = question.requests.emplace_back();
    request.context_ids = std::move(asked.context);
    request.continuation_ids = std::move(asked.continuation);
  }
  return out;
}

std::vector<Question> all(const CaseTask& task, const Tokenizer& tokenizer,
                          std::int64_t max_tokens) {
  std::vector<Question> questions = pages_of(task, tokenizer);
  for (Question& question : chunks(task, tokenizer, max_tokens))
    questions.push_back(std::move(question));
  return questions;
}

Verdict run(const CaseTask& task, Engine& engine, EventSink& sink) {
  const auto chunk = task.suite->options.at("text").value("llamacpp_chunk", std::int64_t{0});
  if (chunk > engine.capabilities().max_tokens) {
    sink.send(LogLine{"warning", fmt::format("llamacpp_perplexity is left out: it is defined on "
                                             "chunks of {} tokens, the model takes {}{}",
                                             chunk, engine.capabilities().max_tokens,
                                             reason_for_max_positions(engine.config()))});
  }
  ask(task, engine, sink, all(task, engine.tokenizer(), engine.capabilities().max_tokens),
      static_cast<std::int64_t>(task.done.size()));
  return {};
}

struct Sums {
  std::vector<double> loss, words, bytes, tokens;  // per document; loss is -log-likelihood
};

/// exp or a multiple of total loss over total units, with the interval over documents.
Value ratio(const Metric& metric, const std::vector<double>& loss, const std::vector<double>& units,
            double (*shown)(double)) {
  const Interval interval = ratio_interval(loss, units);
  const double estimate = mean(loss) / mean(units);
  return {&metric,
          "",
          shown(estimate),
          shown(interval.low),
          shown(interval.high),
          std::nan(""),
          static_cast<std::int64_t>(loss.size())};
}

Summary summarise(const Suite&, const CaseRecord& record) {
  std::map<std::pair<std::string, std::int64_t>, double> scores;
  for (const Answer& answer : record.answers)
    scores[{answer.task, answer.document}] = answer.log_likelihood;
  Summary summary;
  Sums page, chunk;
  for (const Document& document : record.documents) {
    const auto score = scores.find({document.task, document.document});
    if (score == scores.end()) continue;
    Sums& sums = document.task == kChunks ? chunk : page;
    sums.loss.push_back(-score->second);
    if (document.task == kChunks) {
      sums.tokens.push_back(fact_of<double>(document, "tokens"));
      continue;
    }
    const auto words = fact_of<std::int64_t>(document, "words"),
               bytes = fact_of<std::int64_t>(document, "bytes");
    sums.words.push_back(static_cast<double>(words));
    sums.bytes.push_back(static_cast<double>(bytes));
    const Json by_word = {score->second, words}, by_byte = {score->second, bytes};
    summary.documents.push_back(
        {document.task, document.document,
         Json{
             {"word_perplexity", by_word}, {"byte_perplexity", by_byte}, {"bits_per_byte", by_byte}}
             .dump()});
  }
  const auto exponential = [](double x) { return std::exp(x); };
  if (!page.loss.empty()) {
    summary.values.push_back(ratio(kWord, page.loss, page.words, exponential));
    summary.values.push_back(ratio(kByte, page.loss, page.bytes, exponential));
    summary.values.push_back(
        ratio(kBits, page.loss, page.bytes, [](double x) { return x / std::log(2.0); }));
  }
  if (!chunk.loss.empty())
    summary.values.push_back(ratio(kLlamaCpp, chunk.loss, chunk.tokens, exponential));
  for (Value& value : routing_values(record.routing)) summary.values.push_back(std::move(value));
  return summary;
}

PlanSummary plan(const CaseTask& task, const Tokenizer& tokenizer, std::int64_t max_tokens) {
  return plan_of(all(task, tokenizer, max_tokens), max_tokens);
}

}  // namespace

extern const Kind perplexity = {
    .name = "perplexity",
    .timed = false,
    .questions = true,
    .tables = kTables,
    .check = check,
    .run = run,
    .summarise = summarise,
    .plan = plan,
    .splits = [](const Suite& suite, const Json&) { return std::vector{suite.split}; },
};

}  // namespace moe
