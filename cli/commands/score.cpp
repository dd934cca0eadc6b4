// score --target T --requests FILE.jsonl: anyone's requests through the trie, all at once; one line
// answers each.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/tell.h"
#include "cli/write_file.h"
#include "harness/clock.h"
#include "harness/error.h"
#include "harness/json_text.h"
#include "harness/progress.h"
#include "models/decoder/native_engine.h"
#include "models/engine/requests_for.h"

namespace moe {
namespace {

struct Options {
  std::string target, requests, out, stats;
};

/// Error where an answer would be written over what is asked.
void check_files(const Options& o) {
  for (const auto& [option, file] : {std::pair("--out", &o.out), std::pair("--stats", &o.stats)}) {
    std::error_code missing;
    require(!std::filesystem::equivalent(*file, o.requests, missing),
            "{} {}: expected another file than that of --requests", option, *file);
  }
  require(o.stats.empty() || o.stats != o.out,
          "--stats {}: expected another file than that of --out", o.stats);
}

/// What is asked, checked before the model is loaded.
struct Asked {
  std::vector<RequestLine> lines;
  std::vector<Request> requests;  // those of the lines, in their order
  bool has_tokenizer = false;
};

Asked read(const Options& o, const Target& target) {
  Asked asked{.lines = read_request_lines(read_text(o.requests), o.requests), .requests = {}};
  const Config config = config_of(target);
  const auto tokenizer = open_tokenizer(target, config);
  asked.has_tokenizer = tokenizer.has_value();
  asked.requests =
      requests_for(asked.lines, tokenizer ? &*tokenizer : nullptr,
                   {.vocab = config.vocab, .max_tokens = config.max_positions}, o.requests);
  return asked;
}

/// Gives the engine all that is scored at once, then all that is generated; answers in the order of
/// the requests. Requests are taken: those of full MMLU are hundreds of megabytes, held once.
class Answering {
 public:
  Answering(std::vector<Request>& requests, ProgressBar& bar)
      : requests_(requests), answers_(requests.size()), bar_(bar) {}

  std::vector<Scored> run(Engine& engine) {
    ask([](RequestKind kind) { return kind != RequestKind::generate; },
        [&](const auto& some, const Answered& answered) { engine.score(some, answered, {}); });
    ask([](RequestKind kind) { return kind == RequestKind::generate; },
        [&](const auto& some, const Answered& answered) { engine.generate(some, answered); });
    return std::move(answers_);
  }

 private:
  void ask(bool (*is_meant)(RequestKind),
           const std::function<void(const std::vector<Request>&, const Answered&)>& engine) {
    std::vector<Request> some;
    std::vector<std::size_t> place;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (!is_meant(requests_[i].kind)) continue;
      some.push_back(std::move(requests_[i]));
      place.push_back(i);
    }
    if (!some.empty()) {
      engine(some, [&](std::size_t i, const Scored& answer) {
        answers_[place[i]] = answer;
        bar_.update(++done_, std::ssize(requests_), "requests");
      });
    }
    for (std::size_t i = 0; i < some.size(); ++i) requests_[place[i]] = std::move(some[i]);
  }

  std::vector<Request>& requests_;
  std::vector<Scored> answers_;
  ProgressBar& bar_;
  std::int64_t done_ = 0;
};

void write_answers(const Options& o, const Asked& asked, const std::vector<Scored>& answers,
                   std::ostream& out) {
  for (std::size_t i = 0; i < answers.size(); ++i) {
    try {
      out << answer_line(asked.lines[i], asked.requests[i], answers[i], asked.has_tokenizer)
          << '\n';
    } catch (const Error& error) {
      throw error.while_doing(fmt::format("{}:{}", o.requests, asked.lines[i].line));
    }
  }
}

void tell_totals(const Options& o, const RequestTotals& totals, double load_s, double score_s) {
  tell(
      "{} requests, {} of them cut on the left; {} tokens, of which {} were run; {:.1f} s, and "
      "{:.1f} s to load\n",
      totals.requests, totals.truncated_requests, totals.input_tokens, totals.run_tokens, score_s,
      load_s);
  if (o.stats.empty()) return;
  const nlohmann::ordered_json json = {{"requests", totals.requests},
                                       {"truncated_requests", totals.truncated_requests},
                                       {"input_tokens", totals.input_tokens},
                                       {"run_tokens", totals.run_tokens},
                                       {"load_s", load_s},
                                       {"score_s", score_s}};
  write_whole(o.stats, [&](std::ostream& file) { file << json.dump() << '\n'; });
}

void score_into(const Options& o, Asked& asked, Engine& engine, double load_s, std::ostream& out) {
  ProgressBar bar = stderr_progress();
  const double begun_s = steady_seconds();
  bar.begin_case(o.requests, 1, 1);
  const std::vector<Scored> answers = Answering(asked.requests, bar).run(engine);
  const double score_s = steady_seconds() - begun_s;
  bar.end_case("answered");
  write_answers(o, asked, answers, out);
  tell_totals(o, totals_of(asked.requests, answers, engine.capabilities().max_tokens), load_s,
              score_s);
}

int run(const Arguments& arguments) {
  Options o;
  CLI::App app(
      "Scores requests, one JSON object a line, all at once, so that prefixes they share run once. "
      "Each is answered by one line, in the order of the file.",
      "moebench score");
  app.add_option("--target,-t", o.target, "the model")->required();
  app.add_option(
         "--requests,-r", o.requests,
         "lines of type loglikelihood (context, continuation), loglikelihood_rolling (text) "
         "or generate_until (context, until, max_gen_toks), each with an id")
      ->required();
  app.add_option("--out,-o", o.out, "the file to write; stdout otherwise");
  app.add_option("--stats", o.stats, "a file for requests, tokens and seconds, as JSON");
  if (const auto code = parse(app, arguments)) return *code;
  check_files(o);
  const Target target = resolve_target(o.target);
  Asked asked = read(o, target);
  const double begun_s = steady_seconds();
  const auto engine = open_engine(target);
  const double load_s = steady_seconds() - begun_s;
  bool is_begun = false;  // from here on an error is none of the input
  const auto score = [&](std::ostream& out) {
    is_begun = true;
    score_into(o, asked, *engine, load_s, out);
  };
  try {
    if (o.out.empty()) {
      score(std::cout);
    } else {
      write_whole(o.out, score);
    }
  } catch (const Error& error) {
    if (!is_begun) throw;
    tell("moebench score: {}\n", error.what());
    return kNotOk;
  }
  return kDone;
}

}  // namespace

extern const Command score = {
    .name = "score", .summary = "your own requests, answered line by line", .run = run};

}  // namespace moe
