#include "cli/inspect.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "datasets/dataset.h"
#include "harness/error.h"
#include "models/decoder/native_engine.h"
#include "models/engine/encode.h"
#include "suites/questions.h"

namespace moe {
namespace {

using OrderedJson = nlohmann::ordered_json;

void print_json(const OrderedJson& json) {
  fmt::print("{}\n", json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace));
}

Tokenizer tokenizer_of(const InspectOptions& o) {
  const Target target = resolve_target(o.target);
  auto tokenizer = open_tokenizer(target, config_of(target));
  if (!tokenizer)
    throw Error(fmt::format("target {} has no tokenizer", o.target),
                std::source_location::current());
  return *std::move(tokenizer);
}

OrderedJson tokens_of(const Tokenizer& tokenizer, std::span<const TokenId> ids) {
  OrderedJson out = OrderedJson::array();
  for (const TokenId id : ids) out.push_back(tokenizer.token(id));
  return out;
}

/// Text in one line.
std::string shown(const std::string& text) {
  return OrderedJson(text).dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

/// "3,14,15". Nothing between two commas is no id.
std::vector<TokenId> ids_of(const std::string& words) {
  std::vector<TokenId> ids;
  for (std::size_t begin = 0; begin <= words.size();) {
    const std::size_t end = std::min(words.find(',', begin), words.size());
    TokenId id = 0;
    const auto read = std::from_chars(words.data() + begin, words.data() + end, id);
    require(read.ec == std::errc() && read.ptr == words.data() + end,
            "--tokens {}: expected token ids with commas between, found \"{}\"", words,
            words.substr(begin, end - begin));
    ids.push_back(id);
    begin = end + 1;
  }
  return ids;
}

void check_ids(const std::vector<TokenId>& ids, const Config& config) {
  require(!ids.empty(), "no tokens given");
  require(std::ssize(ids) <= config.max_positions, "{} tokens; the model takes {}{}", ids.size(),
          config.max_positions, reason_for_max_positions(config));
  for (const TokenId id : ids)
    require(id >= 0 && id < config.vocab, "token {}: the vocabulary has {}", id, config.vocab);
}

}  // namespace

int inspect_tokenize(const InspectOptions& o) {
  const Tokenizer tokenizer = tokenizer_of(o);
  const std::vector<TokenId> ids = tokenizer.encode(o.text);
  if (o.json) {
    print_json(
        {{"ids", ids}, {"tokens", tokens_of(tokenizer, ids)}, {"decoded", tokenizer.decode(ids)}});
    return kDone;
  }
  Table table{.columns = {"position", "id", "token"}, .rows = {}};
  for (std::size_t i = 0; i < ids.size(); ++i)
    table.rows.push_back(
        {static_cast<std::int64_t>(i), std::int64_t{ids[i]}, shown(tokenizer.token(ids[i]))});
  print(table, false, "no tokens");
  return kDone;
}

int inspect_prompt(const InspectOptions& o) {
  const Tokenizer tokenizer = tokenizer_of(o);
  const Suite suite = find_suite(o.suite);
  require(suite.kind == "multiple_choice",
          "suite {} is of kind {}; prompts can be shown of multiple_choice suites", o.suite,
          suite.kind);
  const CaseTask task{.suite = &suite,
                      .case_key = {},
                      .point = points(suite, {}).front(),
                      .limit = o.document + 1,
                      .data_root = default_data_root(),
                      .done = {}};
  const std::vector<Question> questions = questions_of(task, tokenizer);
  const std::string task_name =
      o.task.empty() && !questions.empty() ? questions.front().document.task : o.task;
  const auto of_task = [&](const Question& q) { return q.document.task == task_name; };
  const auto found = std::ranges::find_if(questions, [&](const Question& q) {
    return of_task(q) && q.document.document == o.document;
  });
  require(found != questions.end() || std::ranges::any_of(questions, of_task),
          "suite {} has no task \"{}\"; its first is {}", o.suite, task_name,
          questions.empty() ? "none" : questions.front().document.task);
  require(found != questions.end(), "task {} has no question {}", task_name, o.document);
  OrderedJson requests = OrderedJson::array();
  for (const Request& r : found->requests) {
    requests.push_back({{"continuation", r.continuation},
                        {"context_tokens", r.context_ids->size()},
                        {"continuation_ids", r.continuation_ids}});
  }
  const Request& first = found->requests.front();
  if (o.json) {
    print_json({{"task", found->document.task},
                {"document", found->document.document},
                {"target", found->document.target},
                {"context", *first.context},
                {"context_ids", *first.context_ids},
                {"requests", requests}});
    return kDone;
  }
  fmt::print("{} question {}, right choice {}\n\n{}\n\n", found->document.task,
             found->document.document, found->document.target, *first.context);
  for (const auto& request : requests)
    fmt::print("continuation {}  ids {}  after {} tokens\n", request["continuation"].dump(),
               request["continuation_ids"].dump(), request["context_tokens"].dump());
  return kDone;
}

int inspect_score(const InspectOptions& o) {
  const auto engine = open_engine(resolve_target(o.target));
  const std::vector<Request> requests = {
      log_likelihood_request(engine->tokenizer(), o.context, o.continuation)};
  Scored scored;
  engine->score(requests, [&](std::size_t, const Scored& s) { scored = s; }, {});
  const OrderedJson json = {{"context_tokens", requests[0].context_ids->size()},
                            {"continuation_ids", requests[0].continuation_ids},
                            {"log_likelihood", scored.log_likelihood},
                            {"is_greedy", scored.is_greedy},
                            {"truncated_tokens", scored.truncated_tokens}};
  if (o.json) {
    print_json(json);
  } else {
    for (const auto& [key, value] : json.items()) fmt::print("{:<18} {}\n", key, value.dump());
  }
  return kDone;
}

int inspect_logits(const InspectOptions& o) {
  const std::vector<TokenId> ids = ids_of(o.tokens);
  const auto engine = open_engine(resolve_target(o.target));
  check_ids(ids, engine->config());
  const auto logits = engine->logits(ids);
  if (o.json) {
    print_json({{"logits", logits}});
    return kDone;
  }
  Table table{.columns = {"position", "token", "best next", "logit"}, .rows = {}};
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const auto best = std::ranges::max_element(logits[i]);
    table.rows.push_back({static_cast<std::int64_t>(i), std::int64_t{ids[i]},
                          static_cast<std::int64_t>(best - logits[i].begin()), double{*best}});
  }
  print(table, false, "no tokens");
  return kDone;
}

int inspect_routing(const InspectOptions& o) {
  const auto engine = open_engine(resolve_target(o.target));
  const std::vector<TokenId> ids =
      o.text.empty() ? ids_of(o.tokens) : engine->tokenizer().encode(o.text);
  check_ids(ids, engine->config());
  require(engine->config().is_mixture(), "target {} has no mixture of experts", o.target);
  OrderedJson layers = OrderedJson::array();
  Table table{.columns = {"layer", "position", "experts", "weights"}, .rows = {}};
  for (const RoutedLayer& layer : engine->routed(ids)) {
    layers.push_back(
        {{"layer", layer.layer}, {"experts", layer.experts}, {"weights", layer.weights}});
    for (std::size_t t = 0; t < layer.experts.size(); ++t) {
      std::string weights;
      for (const float w : layer.weights[t])
        weights += fmt::format("{}{:.3f}", weights.empty() ? "" : " ", w);
      table.rows.push_back({layer.layer, static_cast<std::int64_t>(t),
                            OrderedJson(layer.experts[t]).dump(), weights});
    }
  }
  if (o.json) {
    print_json({{"tokens", ids}, {"layers", layers}});
  } else {
    print(table, false, "no tokens");
  }
  return kDone;
}

}  // namespace moe
