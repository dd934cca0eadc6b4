// inspect WHAT: one input going through the stack, for people and for parity tests.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/inspect.h"
#include "harness/error.h"

namespace moe {
namespace {

void common(CLI::App& app, InspectOptions& o) {
  app.add_option("--target,-t", o.target, "the model")->required();
  app.add_flag("--json", o.json, "one JSON object on one line");
}

int run(const Arguments& arguments) {
  InspectOptions o;
  CLI::App app("Shows one input going through.", "moebench inspect");
  app.require_subcommand(1);
  CLI::App* tokenize = app.add_subcommand("tokenize", "a text as tokens");
  common(*tokenize, o);
  tokenize->add_option("--text", o.text, "the text")->required();
  CLI::App* prompt = app.add_subcommand("prompt", "a question of a suite as the model sees it");
  common(*prompt, o);
  prompt->add_option("--suite", o.suite, "a suite with questions")->required();
  prompt->add_option("--task", o.task, "a leaf task, such as mmlu_anatomy; the first otherwise");
  prompt->add_option("--document", o.document, "the question's number in its file");
  CLI::App* score =
      app.add_subcommand("score", "the log-likelihood of a continuation after a context");
  common(*score, o);
  score->add_option("--context", o.context, "the context")->required();
  score
      ->add_option("--continuation", o.continuation, "the continuation, its leading blank included")
      ->required();
  CLI::App* logits = app.add_subcommand("logits", "logits of every position");
  common(*logits, o);
  logits->add_option("--tokens", o.tokens, "token ids, with commas between")->required();
  CLI::App* routing = app.add_subcommand("routing", "the experts that every token goes to");
  common(*routing, o);
  CLI::Option* ids = routing->add_option("--tokens", o.tokens, "token ids, with commas between");
  routing->add_option("--text", o.text, "a text instead")->excludes(ids);
  CLI::App* corpus = app.add_subcommand(
      "corpus", "documents of the text about the bundled world, a JSON string a line");
  corpus->add_option("--documents", o.documents, "how many")->required();
  corpus->add_option("--first", o.first, "the first one's number")->capture_default_str();
  corpus->add_option("--seed", o.seed, "which text")->capture_default_str();
  if (const auto code = parse(app, arguments)) return *code;
  if (tokenize->parsed()) return inspect_tokenize(o);
  if (prompt->parsed()) return inspect_prompt(o);
  if (score->parsed()) return inspect_score(o);
  if (logits->parsed()) return inspect_logits(o);
  if (corpus->parsed()) return inspect_corpus(o);
  return inspect_routing(o);
}

}  // namespace

extern const Command inspect = {
    .name = "inspect",
    .summary = "one input going through: tokenize, prompt, score, logits, routing, corpus",
    .run = run};

}  // namespace moe
